#include "methods/InProcess.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir::testing_tools {

SharedFolder::SharedFolder() {
  std::string made;
  if (comm_.is_root()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir_test_XXXXXX").string();
    made = mkdtemp(pattern.data());
  }
  path_ = comm_.broadcast(made);
}

SharedFolder::~SharedFolder() {
  comm_.barrier();
  if (comm_.is_root()) std::filesystem::remove_all(path_);
}

std::string SharedFolder::write(const std::string& name, const std::string& text) const {
  if (comm_.is_root()) std::ofstream(*this / name, std::ios::binary) << text;
  comm_.barrier();
  return *this / name;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

nlohmann::json summary_of(const std::string& folder) {
  return nlohmann::json::parse(text_of(folder + "/summary.json"));
}

Outcome run_deck_text(const SharedFolder& folder, const std::string& text,
                      std::vector<std::string> settings) {
  CommandLine command;
  command.deck = folder.write("deck.yaml", text);
  command.settings = std::move(settings);
  command.settings.push_back("run.output=" + folder / "out");
  command.overwrite = true;  // tests run again and again into one folder
  return run_to_outcome(command, Communicator());
}

}  // namespace weir::testing_tools
