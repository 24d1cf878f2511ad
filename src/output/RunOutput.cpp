#include "weir/output/RunOutput.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "weir/base/Configuration.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

using Clock = std::chrono::steady_clock;
Real seconds_since(Clock::time_point then) {
  return std::chrono::duration<Real>(Clock::now() - then).count();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw RunError(fmt::format("cannot write {}", path));
}

}  // namespace

RunOutput::RunOutput(const Communicator& comm, const RunOptions& run, const std::string& method,
                     const std::string& resolved_deck)
    : comm_(comm),
      run_(run),
      method_(method),
      folder_(run.output_folder()),
      started_(Clock::now()),
      last_progress_(started_) {
  comm_.agree([&] {
    if (!comm_.is_root()) return;
    std::error_code failure;
    std::filesystem::create_directories(folder_, failure);
    if (failure || access(folder_.c_str(), W_OK) != 0)
      throw InputError("run.output",
                       fmt::format("cannot write to the folder {}{}{}; give one that can be written", folder_,
                                   failure ? ": " : "", failure ? failure.message() : ""));
    for (const char* stale : {"summary.json", "metrics.csv", "snapshots.h5", "snapshots.xdmf"})
      std::filesystem::remove(path(stale), failure);
    write_text(path("deck.yaml"), resolved_deck);
    log_.open(path("log.txt"), std::ios::trunc);
  });
  terminal_ = comm_.is_root() && isatty(STDERR_FILENO);
}

RunOutput::~RunOutput() = default;

void RunOutput::log(const std::string& line) {
  if (!comm_.is_root()) return;
  if (progress_shown_) std::fputs("\r\033[K", stderr);
  progress_shown_ = false;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
  log_ << line << std::endl;
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

void RunOutput::finish(const std::string& status, Index steps, Real time) {
  comm_.agree([&] {
    if (!comm_.is_root()) return;
    nlohmann::ordered_json json;
    json["method"] = method_;
    json["name"] = run_.name;
    json["status"] = status;
    json["steps"] = steps;
    json["time"] = time;
    json["seconds"] = seconds_since(started_);
    json["ranks"] = comm_.size();
    json["seed"] = run_.seed;
    json["version"] = WEIR_VERSION;
    for (const auto& [name, value] : summary_)
      std::visit([&json, &key = name](const auto& v) { json[key] = v; }, value);
    write_text(path("summary.json"), json.dump(2) + "\n");
  });
  log(fmt::format("{} in {:.2f} s on {} rank{}; results in {}", status, seconds_since(started_), comm_.size(),
                  comm_.size() == 1 ? "" : "s", folder_));
}

void RunOutput::progress(Index step, Index steps, Real time) {
  if (!comm_.is_root() || step == 0) return;
  const Real since = seconds_since(last_progress_);
  if (since < (terminal_ ? 0.2 : 30)) return;
  last_progress_ = Clock::now();
  const Real rate = Real(step) / seconds_since(started_);
  const std::string line = fmt::format("step {} of {}, time {:.4g}, {:.3g} steps/s, {:.0f} s left", step,
                                       steps, time, rate, Real(steps - step) / rate);
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    progress_shown_ = true;
  } else {
    log(line);
  }
}

}  // namespace weir
