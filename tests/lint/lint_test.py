"""Each rule of lint.py finds what it is there for, and nothing else."""

import unittest

import lint

HEADER = "// A thing.\n#pragma once\n"
PURE = "// A thing. Pure.\n#pragma once\n"


def tree(**files):
    """A small project; `a__b__c_hpp` is the file a/b/c.hpp. All sources are in
    a CMakeLists.txt."""
    result = {}
    for name, text in files.items():
        stem, suffix = name.rsplit("_", 1)
        result[stem.replace("__", "/") + "." + suffix] = text
    for path in list(result):
        if path.endswith(".cpp"):
            folder, name = path.rsplit("/", 1)
            lists = folder + "/CMakeLists.txt"
            result[lists] = result.get(lists, "") + name + "\n"
    return result


class LintTest(unittest.TestCase):
    """Small trees with one thing wrong."""

    def expect(self, files, *expected):
        """Exactly these violations."""
        self.assertEqual(lint.violations(files), list(expected))

    def test_a_good_tree(self):
        self.expect(tree(
            actors__core__ids_hpp=HEADER,
            actors__core__ids_cpp='#include "core/ids.hpp"\n\n#include <map>\n',
            actors__runtime__node_hpp=HEADER + '#include "core/ids.hpp"\n'
            "#include <caf/actor.hpp>\n#include <thread>\n",
            tests__core__ids_test_cpp='#include "core/ids.hpp"\n'))

    def test_the_layers_are_no_circle(self):
        below = {}

        def all_below(folder):
            if folder not in below:
                below[folder] = set()
                for other in lint.MAY_INCLUDE.get(folder, ()):
                    below[folder] |= {other} | all_below(other)
            return below[folder]

        for folder in lint.MAY_INCLUDE:
            self.assertNotIn(folder, all_below(folder))

    def test_a_wrong_edge(self):
        self.expect(
            tree(actors__storage__log_hpp=HEADER
                 + '#include "runtime/node.hpp"\n',
                 actors__runtime__node_hpp=HEADER),
            "actors/storage/log.hpp:3: storage must not include runtime")

    def test_a_wrong_edge_of_a_folder_within_another(self):
        self.expect(
            tree(actors__testkit__history__a_hpp=HEADER
                 + '#include "testkit/disk.hpp"\n'
                 '#include "storage/log.hpp"\n'
                 '#include "core/ids.hpp"\n'
                 '#include "testkit/history/b.hpp"\n'),
            "actors/testkit/history/a.hpp:3: testkit/history must not include"
            " testkit",
            "actors/testkit/history/a.hpp:4: testkit/history must not include"
            " storage")

    def test_an_edge_up_to_the_testkit(self):
        self.expect(
            tree(actors__runtime__node_hpp=HEADER
                 + '#include "testkit/disk.hpp"\n'),
            "actors/runtime/node.hpp:3: runtime must not include testkit")

    def test_an_unknown_folder(self):
        self.expect(tree(actors__stuff__node_hpp=HEADER),
                    "actors/stuff/node.hpp: folder stuff is not in the table"
                    " of layers")

    def test_generated_headers(self):
        self.expect(
            tree(actors__codec__peer_hpp=HEADER
                 + '#include "schemas/peer.capnp.h"\n',
                 tests__codec__peer_test_cpp='#include "schemas/peer.capnp.h"'
                 "\n"),
            "tests/codec/peer_test.cpp:1: only codec includes"
            " schemas/peer.capnp.h")

    def test_a_cycle(self):
        self.expect(
            tree(actors__runtime__a_hpp=HEADER + '#include "runtime/b.hpp"\n',
                 actors__runtime__b_hpp=HEADER + '#include "runtime/a.hpp"\n'),
            "actors/runtime/a.hpp: includes itself: actors/runtime/a.hpp ->"
            " actors/runtime/b.hpp -> actors/runtime/a.hpp")

    def test_impure_includes_in_a_pure_folder(self):
        for name in ("caf/actor.hpp", "thread", "random", "fstream",
                     "sys/socket.h", "kj/common.h", "unistd.h"):
            self.expect(tree(actors__core__a_hpp=HEADER
                             + f"#include <{name}>\n"),
                        "actors/core/a.hpp: pure code must not include "
                        + name)

    def test_impure_includes_of_what_says_that_it_is_pure(self):
        self.expect(
            tree(actors__resp__front_hpp=PURE,
                 actors__resp__front_more_cpp='#include "resp/front.hpp"\n\n'
                 '#include "runtime/hub.hpp"\n',
                 actors__runtime__hub_hpp=HEADER + "#include <mutex>\n"),
            "actors/resp/front_more.cpp: pure code must not include"
            " actors/runtime/hub.hpp -> mutex")

    def test_impure_words(self):
        self.expect(
            tree(actors__core__a_hpp=HEADER + "// unlike steady_clock\n"
                 "auto x = std::chrono::steady_clock::now();\n"),
            "actors/core/a.hpp:4: pure code must not use steady_clock")

    def test_headers(self):
        self.expect(
            tree(apps__node__a_hpp="// A thing.\n",
                 apps__node__a_cpp='#include "node/b.hpp"\n',
                 apps__node__b_hpp=HEADER),
            "apps/node/a.cpp: must include node/a.hpp first",
            "apps/node/a.hpp: has no #pragma once")

    def test_form(self):
        self.expect(
            tree(docs__a_md="a\tb\nc \n" + "x" * 81 + "\n|" + "x" * 81
                 + "\nend"),
            "docs/a.md: does not end with a line break",
            "docs/a.md:1: has a tab", "docs/a.md:2: ends with a blank",
            "docs/a.md:3: has 81 columns, at most 80")

    def test_sizes(self):
        body = "  x();\n"
        function = "void f() {\n" + body * 68 + "}\n"
        self.expect(tree(actors__core__a_hpp=HEADER + function))
        self.expect(tree(actors__core__a_hpp=HEADER + "void f() {\n"
                         + body * 69 + "}\n"),
                    "actors/core/a.hpp:3: a function of 71 lines, at most 70")
        self.expect(tree(actors__core__a_hpp=HEADER + "\n" * 599),
                    "actors/core/a.hpp: has 601 lines, at most 600")

    def test_words(self):
        self.expect(
            tree(docs__a_md="TO" + "DO: more\n",
                 tests__core__a_test_cpp="std::this_thread::sleep" + "_for(x);"
                 "\n"),
            "docs/a.md:1: is not finished: TO" + "DO",
            "tests/core/a_test.cpp:1: waits for a time; wait for a condition")

    def test_dead_files(self):
        files = tree(actors__machine__kv__store_cpp="\n")
        self.expect(files)
        del files["actors/machine/kv/CMakeLists.txt"]
        self.expect(files, "actors/machine/kv/store.cpp: is in no"
                    " CMakeLists.txt: nobody builds it")
        files["actors/machine/CMakeLists.txt"] = "x(SOURCES kv/store.cpp)\n"
        self.expect(files)

    def test_promised_files(self):
        files = tree(tests__core__a_test_cpp="\n")
        files["docs/a.md"] = "`a_test.cpp`, `core/a_test.cpp`, `test_a.cpp b`\n"
        files["docs/decisions/1.md"] = "`long_gone.cpp`\n"
        files["docs/b.md"] = "It is shown\nby `b_test.cpp`, `_test.cpp`.\n"
        files["tests/core/CMakeLists.txt"] = "x(a_test.cpp)\n"
        self.expect(files, "docs/b.md:2: there is no b_test.cpp",
                    "docs/b.md:2: there is no _test.cpp")


if __name__ == "__main__":
    unittest.main()
