#include "weir/input/Deck.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "input/DeckDescription.hpp"
#include "input/DeckNode.hpp"
#include "input/DeckParser.hpp"
#include "input/SectionReader.hpp"

namespace weir {

namespace {

std::string file_text(const std::string& file) {
  if (std::filesystem::is_directory(file))
    throw InputError(file + ": is a folder; allowed: a deck (YAML file)");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError(file + ": cannot be read: " + std::strerror(errno));
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

Deck Deck::load(const std::string& file, const std::vector<std::string>& settings, const Communicator& comm) {
  std::string text, folder;
  comm.agree([&] {
    if (!comm.is_root()) return;
    text = file_text(file);
    folder = std::filesystem::absolute(file).parent_path().string();
  });
  return parse(comm.broadcast(text), file, comm.broadcast(folder), settings);
}

Deck Deck::parse(const std::string& text, const std::string& source, const std::string& folder,
                 const std::vector<std::string>& settings) {
  Problems problems;
  auto root = std::make_shared<DeckNode>(parse_yaml(text, {source, 1}, problems));
  if (root->is_null())
    throw InputError(source + ": is empty; allowed: a deck, a map with `weir: 1`, `run` and a method");
  if (!root->is_map())
    throw InputError(root->place.text() + ": found " + root->found() +
                     "; allowed: a deck, a map of keys and values");
  for (const auto& setting : settings) problems.collect([&] { apply_setting(*root, setting); });
  return {std::move(root), source, folder, std::move(problems)};
}

std::string Deck::read(RunOptions& run, const std::vector<DeckMethod>& methods) const {
  DeckContent content;
  content.run = run;
  if (content.run.name.empty()) content.run.name = std::filesystem::path(source_).stem().string();
  Reading reading{folder_, {}};
  SectionReader::read(*root_, "", "", reading,
                      [&](Section& section) { describe(section, content, methods); });
  for (auto& problem : reading.problems)
    if (problem.key.empty()) problem.message = source_ + ": " + problem.message;
  Problems all = problems_;
  all.collect([&] {
    if (!reading.problems.empty()) throw InputError(reading.problems);
  });
  all.raise();
  run = content.run;
  return content.method;
}

std::string Deck::explain(const InputError& error) const {
  struct Line {
    Place place;
    std::string text;
  };
  std::vector<Line> lines;
  for (const auto& problem : error.problems()) {
    if (problem.key.empty()) {
      lines.push_back({Place(), problem.message});
      continue;
    }
    Place place = closest_node(*root_, problem.key).place;
    lines.push_back({place, place.text() + ": " + problem.key + ": " + problem.message});
  }
  // In the order of the file, settings of the command line after it.
  const auto rank = [](const Place& place) {
    return place.line > 0 ? place.line : std::numeric_limits<int>::max();
  };
  std::stable_sort(lines.begin(), lines.end(),
                   [&](const Line& a, const Line& b) { return rank(a.place) < rank(b.place); });
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line.text;
  return text;
}

}  // namespace weir
