// Whole runs inside a test: a deck as text, a folder of its own, the outcome.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "weir/methods/Run.hpp"

namespace weir::testing_tools {

/// A folder that all ranks share and that goes when the object does. Collective.
class SharedFolder {
 public:
  SharedFolder();
  ~SharedFolder();
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

  /// Collective: the file is there for all ranks.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  Communicator comm_;
  std::string path_;
};

std::string text_of(const std::string& path);
nlohmann::json summary_of(const std::string& folder);

/// Runs the deck `text` with its output in `folder`/out. Collective.
Outcome run_deck_text(const SharedFolder& folder, const std::string& text,
                      std::vector<std::string> settings = {});

}  // namespace weir::testing_tools
