// Inputs to begin with: one of everything that a decoder reads, as it is
// written today. They make the corpus, which is committed.
#pragma once

#include <string>
#include <vector>

namespace cohort::fuzz {

struct seed {
  std::string target;
  std::string name; ///< of its file
  std::string content;
};

std::vector<seed> all_seeds();

// -- the parts ----------------------------------------------------------------

void add_message_seeds(std::vector<seed>& to); ///< between nodes, in the log
void add_kv_seeds(std::vector<seed>& to);      ///< keys, values, clients
void add_storage_seeds(std::vector<seed>& to); ///< files

} // namespace cohort::fuzz
