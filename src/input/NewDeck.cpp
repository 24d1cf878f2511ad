#include "weir/input/NewDeck.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "input/LabelTexts.hpp"
#include "input/Suggestion.hpp"
#include "weir/base/Error.hpp"
#include "weir/input/DataReader.hpp"

namespace weir {

namespace {

constexpr std::size_t most_columns = 5, most_told = 10, most_populations = 100;

/// What stands in a file, and what of it a deck would take.
struct Found {
  std::string file, dataset;
  std::vector<std::string> other_arrays;
  std::vector<Index> shape;
  std::vector<std::string> columns, other_columns;  // by name; empty where they have none
  Index width = 0;
  std::string labels;  // the key's text, `{column: day}`; empty: none was found
  std::vector<std::string> other_labels;
  std::optional<LabelMeaning> meaning;
};

/// A word of YAML, quoted where it needs to be.
std::string word(const std::string& text) {
  const bool plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) &&
                     std::all_of(text.begin(), text.end(), [](unsigned char letter) {
                       return std::isalnum(letter) || letter == '_' || letter == '/' || letter == '.';
                     });
  static const std::set<std::string> reserved{"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  return plain && reserved.count(text) == 0 ? text : nlohmann::json(text).dump();
}

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& each : words) text += (text.empty() ? "" : ", ") + word(each);
  return "[" + text + "]";
}

std::string told(const std::vector<std::string>& words) {
  std::vector<std::string> some(words.begin(),
                                words.begin() + std::ptrdiff_t(std::min(most_told, words.size())));
  return joined(some) + (words.size() > most_told ? fmt::format(", .. ({} in all)", words.size()) : "");
}

bool sounds_like_time(std::string name) {
  static const std::set<std::string> names{"t",     "time",   "times", "day",       "days",
                                           "hour",  "hours",  "stage", "timepoint", "time_point",
                                           "label", "labels", "age",   "week"};
  for (char& letter : name) letter = char(std::tolower(static_cast<unsigned char>(letter)));
  return names.count(name.substr(name.rfind('/') + 1)) > 0;
}

/// What the labels of a column stand for, where they are few enough to be populations.
std::optional<LabelMeaning> meaning_of(DataReader& table, Index column) {
  constexpr Index block = 4096;
  std::set<std::string> different;
  try {
    for (Index first = 0; first < table.rows(); first += block)
      for (const auto& text : table.texts(first, std::min(block, table.rows() - first), column)) {
        if (!text.empty()) different.insert(text);
        if (different.size() > most_populations) return {};
      }
  } catch (const InputError&) {  // what cannot be read is no label
    return {};
  }
  constexpr Index least = 4;  // rows a label: names of cells are no labels
  if (different.size() < 2 || Index(different.size()) * least > table.rows()) return {};
  return understand_labels({different.begin(), different.end()});
}

/// The array to learn from: one of two axes or three, of cells their principal components.
std::unique_ptr<DataReader> choose_array(Found& found, std::vector<std::string> names) {
  if (names.empty()) return open_data(found.file);
  const auto pca = std::find(names.begin(), names.end(), "obsm/X_pca");
  if (pca != names.end()) std::rotate(names.begin(), pca, pca + 1);
  std::unique_ptr<DataReader> chosen;
  for (const auto& name : names) {
    if (name.rfind("obs/", 0) == 0) continue;
    std::unique_ptr<DataReader> table;
    try {
      table = open_data(found.file, name);
    } catch (const InputError&) {
      continue;
    }
    const bool matrix = table->shape().size() > 1 && table->columns() > 0 && !table->has_texts(0);
    if (matrix && !chosen) {
      found.dataset = name;
      chosen = std::move(table);
    } else if (matrix) {
      found.other_arrays.push_back(fmt::format("{} {}", name, shape_text(table->shape())));
    }
  }
  if (!chosen) throw InputError(found.file + ": holds no matrix of numbers");
  return chosen;
}

/// What could be the labels of a file's rows.
struct Candidate {
  std::string name, key;  // key: as decks have it
  LabelMeaning meaning;

  /// The lower the likelier: times are said by a name and by units rather than by numbers alone, which
  /// clusters have too.
  int rank() const {
    const bool clear = meaning.ambiguity.empty(), named = sounds_like_time(name);
    if (named && clear) return 0;
    if (clear && !meaning.unit.empty()) return 1;
    if (named) return 2;
    return clear ? 3 : 4;
  }
};

/// Takes the likeliest, the first of equal ones, and tells of the others.
void choose_labels(Found& found, const std::vector<Candidate>& candidates) {
  const auto chosen =
      std::min_element(candidates.begin(), candidates.end(),
                       [](const Candidate& a, const Candidate& b) { return a.rank() < b.rank(); });
  if (chosen == candidates.end()) return;
  found.labels = chosen->key;
  found.meaning = chosen->meaning;
  for (const auto& other : candidates)
    if (&other != &*chosen) found.other_labels.push_back(other.name);
}

/// Labels in an array beside the matrix, one a row.
void find_labels_beside(Found& found, Index rows, const std::vector<std::string>& names) {
  std::vector<Candidate> candidates;
  for (const auto& name : names) {
    if (name == found.dataset) continue;
    std::unique_ptr<DataReader> table;
    try {
      table = open_data(found.file, name);
    } catch (const InputError&) {
      continue;
    }
    if (table->columns() != 1 || table->rows() != rows) continue;
    const auto meaning = meaning_of(*table, 0);
    if (!meaning) continue;
    const bool obs = name.rfind("obs/", 0) == 0;
    const std::string shown = obs ? name.substr(4) : name;
    candidates.push_back({shown, (obs ? "{column: " : "{dataset: ") + word(shown) + "}", *meaning});
  }
  choose_labels(found, candidates);
}

/// Columns of one table: labels among them, the rest components.
void sort_columns(Found& found, DataReader& table) {
  const auto names = table.column_names();
  std::vector<Candidate> candidates;
  for (std::size_t c = 0; c < names.size() && found.dataset.empty(); ++c) {
    if (names[c].empty() || !(sounds_like_time(names[c]) || table.has_texts(Index(c)))) continue;
    if (const auto meaning = meaning_of(table, Index(c)))
      candidates.push_back({names[c], "{column: " + word(names[c]) + "}", *meaning});
  }
  choose_labels(found, candidates);
  for (std::size_t c = 0; c < names.size(); ++c) {
    const bool labels = found.labels == "{column: " + word(names[c]) + "}";
    if (labels || names[c].empty() || table.has_texts(Index(c))) continue;
    (found.columns.size() < most_columns ? found.columns : found.other_columns).push_back(names[c]);
  }
  found.width = table.columns();
}

Found look_into(const std::string& file) {
  Found found;
  found.file = file;
  const auto names = arrays_in(file);
  const auto table = choose_array(found, names);
  found.shape = table->shape();
  sort_columns(found, *table);
  if (found.labels.empty()) find_labels_beside(found, table->rows(), names);
  return found;
}

std::string line(int indent, const std::string& text, const std::string& comment = "") {
  std::string line = std::string(std::size_t(indent), ' ') + text;
  if (!comment.empty()) line += std::string(line.size() < 58 ? 58 - line.size() : 2, ' ') + "# " + comment;
  return line + "\n";
}

/// The keys under `file`.
std::string file_keys(const Found& found, int indent, bool populations) {
  std::string text =
      line(indent, "path: " + word(found.file), "relative to this deck; shape " + shape_text(found.shape));
  if (!found.dataset.empty())
    text += line(indent, "dataset: " + word(found.dataset),
                 found.other_arrays.empty() ? "" : "also there: " + told(found.other_arrays));
  const bool stacked = populations && found.shape.size() == 3 && found.labels.empty();
  if (!found.columns.empty())
    text += line(indent, "columns: " + list_of(found.columns),
                 found.other_columns.empty() ? "names, numbers or ranges such as 2..4"
                                             : "also there: " + told(found.other_columns));
  else
    text += line(indent,
                 fmt::format("columns: [0, {}]",
                             std::min(Index(most_columns), stacked ? found.shape[2] : found.width)),
                 fmt::format("the first of {}; also numbers and ranges: [0, 3..7]",
                             stacked ? found.shape[2] : found.width));
  if (!populations) return text;
  if (stacked)
    return text + line(indent, "# times: [0, 1, 2]", "of the populations, the first axis; none: 0, 1, 2 ..");
  if (found.labels.empty())
    return text + line(indent, "labels: {column: CHANGE}",
                       "which column says the time of a row? no column looks like it; without times: "
                       "weir new FILE latent_ebm, say");
  text += line(indent, "labels: " + found.labels,
               found.other_labels.empty() ? "" : "could be labels too: " + told(found.other_labels));
  std::vector<std::string> values;
  for (const Real value : found.meaning->values) values.push_back(fmt::format("{}", value));
  const std::string unit = found.meaning->unit.empty() ? "" : " (" + found.meaning->unit + ")";
  if (found.meaning->ambiguity.empty())
    text +=
        line(indent, "# times: [" + told(values) + "]", "as found in " + told(found.meaning->texts) + unit);
  else
    text +=
        line(indent, "times: CHANGE",
             fmt::format("[.., ..]: {} numbers, the times of {}", values.size(), told(found.meaning->texts)));
  return text + line(indent, "standardise: false", "true: columns to mean 0 and deviation 1");
}

std::string learn_energies(const Found& found) {
  return "learn_energies:\n  populations:\n    file:\n" + file_keys(found, 6, true) +
         line(2, "split: {test: 0.4}", "share of each population that is kept to measure predictions") +
         line(2, "coupling: {method: auto, batch: whole}", "sinkhorn beyond 20,000 particles a population") +
         "  model:\n" +
         line(4, "linear:", "closed form, first; then network, or trajectory (see weir --reference)") +
         line(6, "time: true", "each interval has its own potential") + line(6, "features_at: current") +
         line(6, "ridge: 0.01", "larger holds the potentials back where particles are few") +
         line(6, "features: {polynomial: {degree: 2}}") + line(2, "predict: one_step", "or roll_out") +
         line(2, "metrics: [w1, w2]", "beside them w1_identity: nothing moves; w1_floor: two samples");
}

std::string snapshots_bridge(const Found& found) {
  return "schroedinger_bridge:\n  populations:\n    file:\n" + file_keys(found, 6, true) + "  snapshots:\n" +
         line(4, "coupling: {method: auto, batch: whole}", "growth: 3 lets particles multiply and die") +
         line(4, "path: {bridge: {sigma: 0.2}}", "or displacement, or spline: {beta: 0.5}") +
         line(2, "metrics: [w1, w2]", "of populations that `leave_out: [1]` names");
}

std::string generator(const Found& found, const std::string& method) {
  const std::string data = method + ":\n  data:\n    file:\n" + file_keys(found, 6, false) +
                           line(2, "split: {test: 0.2}", "rows that samples are compared with");
  if (method == "latent_ebm")
    return data + line(2, "latent: {dimension: 1, particles: 2}") + "  energy:\n" +
           line(4, "network: {hidden: [64, 64], activation: silu}") +
           "  train:\n    iterations: 2000\n    batch: 256\n" +
           line(4, "latents: {rule: {mala: {step: 0.1, target: 0.75}}, substeps: 3}") +
           "    negatives:\n      particles: 512\n      rule: {mala: {step: [0.01, 0.1], target: 0.6}}\n"
           "      substeps: 5\n"
           "  generate: {count: 1000, steps: 1000}\n  metrics: [w2, energy_distance]\n";
  return data + line(2, "latent: {dimension: 2, particles: 5, start: pca}") +
         "  decoder: {network: {hidden: [64, 64], activation: gelu}, noise: learned}\n"
         "  prior: {diffusion: {hidden: [64, 64, 64]}}\n  train:\n    epochs: 100\n    batch: 128\n"
         "    latents: {rule: {preconditioned_langevin: {step: 0.3}}}\n"
         "  generate: {count: 1000}\n  metrics: [w2, energy_distance]\n";
}

std::string simulate(const Found& found) {
  return "simulate:\n  initial:\n    file:\n" + file_keys(found, 6, false) +
         line(2, "energy: {potential: {quadratic: {stiffness: 1}}}", "or learned: out/NAME/energies.h5") +
         line(2, "time: {step: 0.01, end: 1.0}") + line(2, "snapshots: {every: 10}") +
         line(2, "metrics: [second_moment]");
}

}  // namespace

std::vector<std::string> methods_of_new_decks() {
  return {"learn_energies", "schroedinger_bridge", "latent_ebm", "latent_diffusion", "simulate"};
}

std::string new_deck(const std::string& file, const std::string& method) {
  const auto methods = methods_of_new_decks();
  if (std::find(methods.begin(), methods.end(), method) == methods.end())
    throw InputError(fmt::format("weir new: found the method \"{}\"; allowed: {}{}", method, joined(methods),
                                 did_you_mean(method, methods)));
  const Found found = look_into(file);
  std::string name = std::filesystem::path(file).filename().string();
  name = name.substr(0, name.find('.', 1));
  for (char& letter : name)
    if (!std::isalnum(static_cast<unsigned char>(letter)) && letter != '_' && letter != '-') letter = '_';
  std::string text =
      "# Written by `weir new`; `weir DECK --check` tries it, `weir --reference` lists every key.\nweir: 1\n";
  text += line(0, "run: {name: " + word(name) + ", seed: 0}", "results in out/" + name);
  if (method == "learn_energies") return text + learn_energies(found);
  if (method == "schroedinger_bridge") return text + snapshots_bridge(found);
  return text + (method == "simulate" ? simulate(found) : generator(found, method));
}

}  // namespace weir
