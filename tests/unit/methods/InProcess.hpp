// Whole runs inside a test: a deck as text, a folder of its own, the outcome.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "weir/methods/Run.hpp"

namespace weir::testing_tools {

/// A folder that all ranks share and that goes when the object does. Collective.
class SharedFolder {
 public:
  SharedFolder() {
    std::string made;
    if (comm_.is_root()) {
      std::string pattern = (std::filesystem::temp_directory_path() / "weir_test_XXXXXX").string();
      made = mkdtemp(pattern.data());
    }
    path_ = comm_.broadcast(made);
  }
  ~SharedFolder() {
    comm_.barrier();
    if (comm_.is_root()) std::filesystem::remove_all(path_);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

  /// Collective: the file is there for all ranks.
  std::string write(const std::string& name, const std::string& text) const {
    if (comm_.is_root()) std::ofstream(*this / name, std::ios::binary) << text;
    comm_.barrier();
    return *this / name;
  }

 private:
  Communicator comm_;
  std::string path_;
};

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline nlohmann::json summary_of(const std::string& folder) {
  return nlohmann::json::parse(text_of(folder + "/summary.json"));
}

/// Runs the deck `text` with its output in `folder`/out. Collective.
inline Outcome run_deck_text(const SharedFolder& folder, const std::string& text,
                             std::vector<std::string> settings = {}) {
  CommandLine command;
  command.deck = folder.write("deck.yaml", text);
  command.settings = std::move(settings);
  command.settings.push_back("run.output=" + folder / "out");
  command.overwrite = true;  // tests run again and again into one folder
  return run_to_outcome(command, Communicator());
}

}  // namespace weir::testing_tools
