#include "weir/input/RunOptions.hpp"

#include <algorithm>
#include <cctype>

namespace weir {

namespace {

bool is_safe_folder_name(const std::string& name) {
  const auto safe = [](unsigned char letter) {
    return letter < 128 && (std::isalnum(letter) || letter == '_' || letter == '-' || letter == '.');
  };
  return !name.empty() && name.size() <= 128 && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), safe);
}

}  // namespace

std::string RunOptions::output_folder() const {
  static const std::string placeholder = "<name>";
  std::string folder = output;
  for (size_t at = 0; (at = folder.find(placeholder, at)) != folder.npos; at += name.size())
    folder.replace(at, placeholder.size(), name);
  return folder;
}

void describe(Section& section, CheckpointOptions& options) {
  section
      .option("every", options.every, "steps between checkpoints, of work that has steps; 0: none by steps")
      .at_least(0);
  section.option("minutes", options.minutes, "minutes between checkpoints; 0: none by time")
      .unit("minute")
      .at_least(0);
  section.option("keep", options.keep, "newest checkpoints that are kept").at_least(1);
}

void describe(Section& section, MachineOptions& options) {
  section
      .option("latency", options.latency,
              "of a short message between two nodes (default: measured between ranks, if there are two)")
      .unit("second")
      .above(0);
  section.option("bandwidth", options.bandwidth, "of a long message between two nodes (default: as latency)")
      .unit("byte/second")
      .above(0);
  section.option("memory", options.memory, "that a rank has").unit("byte").above(0);
}

void describe(Section& section, RunOptions& options) {
  section.option("name", options.name, "name of the run and of its folder (default: the deck's file name)");
  section.option("seed", options.seed, "chooses all random numbers of the run").at_least(0);
  section
      .option("precision", options.precision,
              "arithmetic of networks and pair kernels; states and sums are double")
      .one_of({"double", "single"});
  section
      .option("tile", options.tile,
              "rows a tile, the unit of work and of summation; part of the results' last bits")
      .at_least(1)
      .at_most(1 << 20);
  section.option("output", options.output,
                 "folder for what the run leaves behind, relative to where it starts; `<name>` stands for "
                 "the run's name");
  section.section("checkpoint", options.checkpoint,
                  "when the run saves what `--restart` continues from; signals, the time limit and the file "
                  "<output>/checkpoint-now make one too",
                  "every");
  section.section("machine", options.machine, "the machine that `--estimate` plans for; a run ignores it");
  if (!section.reading()) return;
  if (!is_safe_folder_name(options.name))
    section.error("name",
                  "found \"" + options.name +
                      "\"; allowed: letters, digits, '_', '-' and '.', the first a letter, digit or '_'");
  if (options.output.empty()) section.error("output", "found \"\"; allowed: a folder");
}

}  // namespace weir
