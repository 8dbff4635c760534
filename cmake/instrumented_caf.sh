#!/bin/bash
# usage: instrumented_caf.sh SANITIZER PREFIX
#
# Builds CAF with a sanitizer, from Debian's source of the release that is
# installed, and installs it below PREFIX. The thread sanitizer has to see what
# orders the messages of actors, and that is in CAF's libraries.
set -euo pipefail

sanitizer="$1"
prefix="$(realpath -m "$2")"
version="$(dpkg-query -W -f '${source:Upstream-Version}' libcaf-dev)"

[[ "$(cat "$prefix/built" 2>/dev/null || true)" != "$version $sanitizer" ]] \
  || exit 0

rm -rf "$prefix"
mkdir -p "$prefix"/tmp/{lists/partial,cache/archives/partial}
cd "$prefix/tmp"

# Where the package came from: "500 <uri> <suite>/<component> amd64 Packages".
origin='s,^ +[0-9]+ (https?:[^ ]+) ([^ /]+)/([^ ]+) .* Packages$,\1 \2 \3,p'
read -r uri suite component < <(apt-cache policy libcaf-dev \
  | sed -nE "$origin") || {
  echo "no archive has libcaf-dev: apt-get update" >&2
  exit 1
}
echo "deb-src $uri $suite $component" >sources.list
archive=(apt-get -qq -o Dir::Etc::sourcelist="$PWD/sources.list"
  -o Dir::Etc::sourceparts=- -o Dir::State::lists="$PWD/lists"
  -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=)
"${archive[@]}" update
"${archive[@]}" source --download-only --tar-only actor-framework
tar -xzf "actor-framework_$version.orig.tar.gz"

# Its headers rely on <limits> being there already.
cmake -G Ninja -S "actor-framework-$version" -B build \
  -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_CXX_FLAGS="-fsanitize=$sanitizer -include limits -w" \
  -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1" \
  -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
  -DCMAKE_INSTALL_PREFIX="$prefix" \
  -DCAF_NO_UNIT_TESTS=ON -DCAF_NO_EXAMPLES=ON -DCAF_NO_TOOLS=ON \
  -DCAF_NO_OPENSSL=ON -DCAF_NO_OPENCL=ON -DCAF_NO_PYTHON=ON >cmake.trace
ninja -C build install >ninja.trace || {
  grep -A 20 FAILED ninja.trace >&2
  exit 1
}
cd "$prefix"
rm -rf tmp
echo "$version $sanitizer" >built
