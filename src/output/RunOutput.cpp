#include "weir/output/RunOutput.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "weir/base/Configuration.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"
#include "weir/output/Heartbeat.hpp"
#include "weir/output/Snapshots.hpp"

namespace weir {

namespace {

/// What a process that was killed left of its last line goes.
void drop_half_line(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t end = text.rfind('\n');
  std::filesystem::resize_file(path, end == text.npos ? 0 : end + 1);
}

RunOutput::Value value_of(const nlohmann::json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) return json.get<std::vector<Real>>();
  if (json.is_number_integer()) return json.get<Index>();
  return json.is_null() ? std::numeric_limits<Real>::quiet_NaN() : json.get<Real>();
}

}  // namespace

RunOutput::RunOutput(const Communicator& comm, const RunOptions& run, const std::string& method,
                     const std::string& resolved_deck, const Checkpoint* restart)
    : comm_(comm),
      run_(run),
      method_(method),
      folder_(run.output_folder()),
      deck_(resolved_deck),
      restart_(restart) {
  std::string saved;
  if (restart_) saved = restart_->file().read_strings("summary").at(0);
  for (const auto& entry : nlohmann::json::parse(restart_ ? saved : "[]"))
    summary_.emplace_back(entry[0].get<std::string>(), value_of(entry[1]));
  comm_.agree([&] {
    if (!comm_.is_root()) return;
    std::error_code failure;
    std::filesystem::create_directories(folder_, failure);
    if (failure || access(folder_.c_str(), W_OK) != 0)
      throw InputError("run.output",
                       fmt::format("cannot write to the folder {}{}{}; give one that can be written", folder_,
                                   failure ? ": " : "", failure ? failure.message() : ""));
    restart_ ? go_on_in_folder() : clear_folder();
    commit_text(path("deck.yaml"), resolved_deck);
  });
  terminal_ = comm_.is_root() && isatty(STDERR_FILENO) && run.talk != RunOptions::Talk::quiet;
}

void RunOutput::clear_folder() {
  const auto stale = checkpoints_in(folder_);
  for (const auto& checkpoint : stale) std::filesystem::remove(checkpoint);
  for (const char* name :
       {"summary.json", "metrics.csv", "snapshots.h5", "snapshots.h5.open", "snapshots.xdmf"})
    std::filesystem::remove(path(name));
  log_.open(path("log.txt"), std::ios::trunc);
  if (!stale.empty())
    log(fmt::format("{} checkpoint{} of an earlier run removed", stale.size(), stale.size() == 1 ? "" : "s"));
}

void RunOutput::go_on_in_folder() {
  std::filesystem::remove(path("summary.json"));
  drop_half_line(path("log.txt"));
  log_.open(path("log.txt"), std::ios::app);
  if (restart_->metrics_length() == 0) {
    std::filesystem::remove(path("metrics.csv"));
    return;
  }
  const std::string source = restart_->folder() + "/metrics.csv";
  if (!std::filesystem::exists(path("metrics.csv")) ||
      !std::filesystem::equivalent(source, path("metrics.csv")))
    std::filesystem::copy_file(source, path("metrics.csv"),
                               std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(path("metrics.csv"), std::uintmax_t(restart_->metrics_length()));
  metrics_ = std::make_unique<MetricsTable>(path("metrics.csv"), true);
}

RunOutput::~RunOutput() = default;

void RunOutput::log(const std::string& line) {
  if (!comm_.is_root()) return;
  if (progress_shown_) std::fputs("\r\033[K", stderr);
  progress_shown_ = false;
  log_ << line << std::endl;
  if (run_.talk == RunOptions::Talk::quiet) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  Heartbeat::spoke();
}

void RunOutput::report(Index step, Real time, const Metrics& metrics) {
  comm_.agree([&] {
    if (!comm_.is_root()) return;
    if (!metrics_) metrics_ = std::make_unique<MetricsTable>(path("metrics.csv"));
    metrics_->add(step, time, metrics);
  });
  summarise(metrics);
}

void RunOutput::summarise(const std::string& name, Value value) {
  for (auto& [known, old] : summary_)
    if (known == name) {
      old = std::move(value);
      return;
    }
  summary_.emplace_back(name, std::move(value));
}

void RunOutput::summarise(const Metrics& metrics) {
  for (const auto& [name, value] : metrics) summarise(name, value);
}

Snapshots& RunOutput::snapshots() {
  if (!snapshots_) snapshots_ = std::make_unique<Snapshots>(*this);
  return *snapshots_;
}

Real RunOutput::seconds() const {
  return since_start_.seconds() + (restart_ ? restart_->seconds() : 0);
}

void RunOutput::save(Hdf5File& file) const {
  Index length = 0;
  Real checksum = 0;
  comm_.agree([&] {
    if (!comm_.is_root() || !metrics_) return;
    sync_to_disk(path("metrics.csv"));
    length = Index(std::filesystem::file_size(path("metrics.csv")));
    checksum = checksum_of_start(path("metrics.csv"), length);
  });
  auto summary = nlohmann::json::array();
  for (const auto& [name, value] : summary_)
    std::visit([&summary, &key = name](const auto& v) { summary.push_back({key, v}); }, value);
  file.set_attribute("/", "metrics_length", Real(comm_.broadcast_value(length)));
  file.set_attribute("/", "metrics_checksum", comm_.broadcast_value(checksum));
  file.set_attribute("/", "seconds", comm_.broadcast_value(seconds()));
  file.set_attribute("/", "seed", Real(run_.seed));
  file.set_attribute("/", "ranks", Real(comm_.size()));
  file.set_attribute("/", "version", WEIR_VERSION);
  file.write_strings("deck", deck_lines());
  file.write_strings("summary", {comm_.broadcast(summary.dump())});  // seconds are each rank's own
  if (snapshots_) snapshots_->save(file);
}

std::vector<std::string> RunOutput::deck_lines() const {
  std::vector<std::string> lines;
  std::istringstream deck(deck_);
  for (std::string line; std::getline(deck, line);) lines.push_back(line);
  return lines;
}

void RunOutput::write_deck(Hdf5File& file) const {
  std::vector<std::string> kept;
  bool keeps = true;  // what is deeper goes with its section
  for (const auto& line : deck_lines()) {
    const auto begins = [&line](const char* key) { return line.rfind(key, 0) == 0; };
    if (!begins("    ")) keeps = !begins("  output:") && !begins("  checkpoint:") && !begins("  machine:");
    if (keeps) kept.push_back(line);
  }
  file.write_strings("deck", kept);
}

void RunOutput::finish(const std::string& status, Index steps, Real time) {
  comm_.agree([&] {
    if (!comm_.is_root()) return;
    nlohmann::ordered_json json;
    json["method"] = method_;
    json["name"] = run_.name;
    json["status"] = status;
    json["steps"] = steps;
    json["time"] = time;
    json["seconds"] = seconds();
    json["ranks"] = comm_.size();
    json["threads"] = host_threads();
    json["seed"] = run_.seed;
    json["version"] = WEIR_VERSION;
    for (const auto& [name, value] : summary_)
      std::visit([&json, &key = name](const auto& v) { json[key] = v; }, value);
    commit_text(path("summary.json"), json.dump(2) + "\n");
  });
  log(fmt::format("{} in {:.2f} s on {} rank{}; results in {}", status, since_start_.seconds(), comm_.size(),
                  comm_.size() == 1 ? "" : "s", folder_));
}

void RunOutput::start_progress(Index step, Real time) {
  progress_from_ = step;
  progress_from_time_ = time;
  progress_clock_ = Stopwatch();
}

std::string RunOutput::progress_line(const Progress& at, Index step, Real time, Real seconds) {
  const Real rate = Real(at.step - step) / seconds;
  const Real left =
      at.steps ? Real(*at.steps - at.step) / rate : (at.end - at.time) / (at.time - time) * seconds;
  std::string line = fmt::format("step {}", at.step);
  if (at.steps) line += fmt::format(" of {}", *at.steps);
  if (!at.steps || at.time != Real(at.step)) line += fmt::format(", time {:.4g}", at.time);
  if (!at.steps) line += fmt::format(" of {:.4g}", at.end);
  return line + fmt::format(", {:.3g} steps/s, {:.0f} s left", rate, left);
}

void RunOutput::progress(const Progress& at) {
  if (!comm_.is_root() || at.step <= progress_from_) return;
  const Real since = since_progress_.seconds();
  if (since < (terminal_ ? 0.2 : run_.talk == RunOptions::Talk::verbose ? 2 : 15)) return;
  since_progress_ = Stopwatch();
  const std::string line = progress_line(at, progress_from_, progress_from_time_, progress_clock_.seconds());
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    progress_shown_ = true;
    Heartbeat::spoke();
  } else {
    log(line);
  }
}

void RunOutput::log_failure(const std::string& text) {
  if (!comm_.is_root()) return;
  if (progress_shown_) std::fputs("\r\033[K", stderr);
  progress_shown_ = false;
  log_ << text << std::endl;
}

}  // namespace weir
