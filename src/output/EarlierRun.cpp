#include "weir/output/EarlierRun.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir {

std::string EarlierRun::told() const {
  if (finished) return "a finished run";
  if (checkpoints == 0) return "an earlier run without a checkpoint";
  return fmt::format("an earlier run that did not end, with {} checkpoint{}", checkpoints,
                     checkpoints == 1 ? "" : "s");
}

EarlierRun earlier_run_in(const std::string& folder) {
  EarlierRun run;
  std::error_code none;
  const auto there = [&](const char* name) { return std::filesystem::exists(folder + "/" + name, none); };
  run.checkpoints = Index(checkpoints_in(folder).size());
  for (const char* name : {"deck.yaml", "log.txt", "summary.json", "metrics.csv", "snapshots.h5"})
    run.there = run.there || there(name);
  run.there = run.there || run.checkpoints > 0;
  if (std::ifstream file(folder + "/deck.yaml", std::ios::binary); file)
    run.deck.assign(std::istreambuf_iterator<char>(file), {});
  if (std::ifstream file(folder + "/summary.json"); file) {
    const auto summary = nlohmann::json::parse(file, nullptr, false);
    run.finished = summary.is_object() && summary.value("status", "") == "done";
  }
  return run;
}

void check_output_folder(const std::string& folder) {
  std::filesystem::path nearest = folder;
  std::error_code failure;
  while (!nearest.empty() && !std::filesystem::exists(nearest, failure)) {
    const auto parent = nearest.parent_path();
    if (parent == nearest) break;
    nearest = parent;
  }
  if (nearest.empty()) nearest = ".";
  const bool is_folder = std::filesystem::is_directory(nearest, failure);
  if (is_folder && access(nearest.c_str(), W_OK | X_OK) == 0) return;
  throw InputError("run.output",
                   fmt::format("cannot write to the folder {}: {} {}; give one that can be written", folder,
                               nearest.string(), is_folder ? "cannot be written to" : "is not a folder"));
}

}  // namespace weir
