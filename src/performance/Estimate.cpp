#include "weir/performance/Estimate.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "weir/base/Calls.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Stopwatch.hpp"

namespace weir {

namespace {

/// Bytes of this process in memory.
Real memory_of_process() {
  std::ifstream file("/proc/self/statm");
  Real pages = 0, resident = 0;
  file >> pages >> resident;
  return file ? resident * Real(sysconf(_SC_PAGESIZE)) : 0;
}

/// Half of the shortest round trip of so many bytes between the first and the last rank.
Real one_way(const Communicator& comm, Index bytes, int repetitions) {
  const int last = comm.size() - 1, here = comm.rank();
  std::vector<char> message(std::size_t(bytes), 0);
  const auto send = [&](int to) {
    WEIR_MPI(MPI_Send(message.data(), int(bytes), MPI_BYTE, to, 0, comm.mpi()));
  };
  const auto receive = [&](int from) {
    WEIR_MPI(MPI_Recv(message.data(), int(bytes), MPI_BYTE, from, 0, comm.mpi(), MPI_STATUS_IGNORE));
  };
  Real shortest = 1e9;
  comm.barrier();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    const Stopwatch watch;
    if (here == 0) send(last), receive(last);
    if (here == last) receive(0), send(0);
    shortest = std::min(shortest, watch.seconds());
  }
  return comm.broadcast_value(shortest) / 2;
}

/// The largest of what makes a step longer than an even share of one rank's.
std::string limit_of(const Cost& cost, Real latency, Real bandwidth, bool too_large) {
  if (too_large) return "memory";
  const Real busiest = cost.pair_seconds + cost.other_seconds;
  const std::pair<Real, const char*> parts[] = {{cost.even_seconds, "compute"},
                                                {busiest - cost.even_seconds, "few tiles"},
                                                {cost.serial_seconds, "serial work"},
                                                {latency, "latency"},
                                                {bandwidth, "bandwidth"}};
  return std::max_element(std::begin(parts), std::end(parts),
                          [](const auto& a, const auto& b) { return a.first < b.first; })
      ->second;
}

Traffic total_of(const Cost& cost) {
  Traffic total;
  for (const auto& [phase, traffic] : cost.traffic) total += traffic;
  return total;
}

Real seconds_of(const Cost& cost, const Interconnect& interconnect, Index ranks) {
  return std::max(cost.pair_seconds, interconnect.seconds(cost.broadcasts, ranks)) + cost.other_seconds +
         cost.serial_seconds + interconnect.seconds(total_of(cost), ranks);
}

std::string with_unit(Real bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(units); ++unit) bytes /= 1024;
  return fmt::format("{:.3g} {}", bytes, units[unit]);
}

/// A part of the run, on every number of ranks that was asked for.
struct PredictedPart {
  const CostedPart& part;
  std::vector<TimePrediction> rows;
};

std::string table(const std::vector<PredictedPart>& parts, const Interconnect& interconnect) {
  std::string text = fmt::format("interconnect ({}): latency {:.3g} s, bandwidth {:.3g} byte/s",
                                 interconnect.source, interconnect.latency, interconnect.bandwidth);
  for (const auto& [part, rows] : parts) {
    text += fmt::format("\n{:>14}  {:>8}  {:>12}  {:>12}  {:>10}  {}", part.name, "ranks", "memory/rank",
                        "seconds", "efficiency", "limit");
    for (const auto& row : rows)
      text += fmt::format("\n{:>14}  {:>8}  {:>12}  {:>12.4g}  {:>10.3f}  {}", "", row.ranks,
                          with_unit(row.memory), row.seconds, row.efficiency, row.limit);
  }
  text +=
      "\nseconds are of one step or iteration of each part; reading, writing, reports and metrics are left "
      "out";
  return text;
}

nlohmann::ordered_json json_of(const TimePrediction& row, const CostModel& model,
                               const Interconnect& interconnect) {
  const Cost cost = model.at(int(row.ranks));
  Traffic all = total_of(cost);
  all += cost.broadcasts;
  return {{"ranks", row.ranks},
          {"memory", row.memory},
          {"seconds", row.seconds},
          {"efficiency", row.efficiency},
          {"limit", row.limit},
          {"calls", all.calls * row.ranks},
          {"bytes", Index(std::llround(all.bytes))},
          {"pairs", cost.pairs},
          {"flops", cost.flops},
          {"moves", cost.moves},
          {"tiles", cost.tiles},
          {"pair_seconds", cost.pair_seconds},
          {"broadcast_seconds", interconnect.seconds(cost.broadcasts, row.ranks)},
          {"particle_seconds", cost.other_seconds},
          {"serial_seconds", cost.serial_seconds},
          {"message_seconds", interconnect.seconds(total_of(cost), row.ranks)}};
}

std::string json(const std::vector<PredictedPart>& parts, const Interconnect& interconnect,
                 const Estimated& estimated) {
  nlohmann::ordered_json json;
  json["deck"] = estimated.deck;
  json["method"] = estimated.method;
  json["interconnect"] = {{"source", interconnect.source},
                          {"latency", interconnect.latency},
                          {"bandwidth", interconnect.bandwidth}};
  for (const auto& [part, rows] : parts)
    for (const auto& row : rows) json[part.name].push_back(json_of(row, *part.model, interconnect));
  return json.dump(2);
}

}  // namespace

Real Interconnect::seconds(const Traffic& traffic, Index ranks) const {
  if (ranks == 1) return 0;
  return Real(traffic.calls) * latency * std::ceil(std::log2(Real(ranks))) + traffic.passing / bandwidth;
}

Interconnect describe_interconnect(const MachineOptions& options, const Communicator& comm) {
  Interconnect interconnect;
  if (comm.size() > 1 && !(options.latency && options.bandwidth)) {
    constexpr Index large = Index(1) << 22;
    one_way(comm, large, 2);
    interconnect.latency = one_way(comm, 8, 1000);
    interconnect.bandwidth = Real(large) / one_way(comm, large, 20);
    interconnect.source = "measured";
  }
  if (options.latency || options.bandwidth)
    interconnect.source = options.latency && options.bandwidth ? "deck" : "deck and " + interconnect.source;
  if (options.latency) interconnect.latency = *options.latency;
  if (options.bandwidth) interconnect.bandwidth = *options.bandwidth;
  return interconnect;
}

TimePrediction predict_time(const CostModel& model, const Interconnect& interconnect,
                            const MachineOptions& machine, Real program_memory, Index ranks) {
  const Cost cost = model.at(int(ranks));
  const Real seconds = seconds_of(cost, interconnect, ranks),
             alone = seconds_of(model.at(1), interconnect, 1);
  const Real memory = cost.memory + program_memory;
  // Broadcasts count for as far as they are not hidden by pairs.
  Interconnect immediate = interconnect, endless = interconnect;
  immediate.latency = 0;
  endless.bandwidth = std::numeric_limits<Real>::infinity();
  const Traffic all = total_of(cost);
  const Real passing = interconnect.seconds(cost.broadcasts, ranks);
  const Real seen = passing > cost.pair_seconds ? 1 - cost.pair_seconds / passing : 0;
  const Real latency = endless.seconds(all, ranks) + seen * endless.seconds(cost.broadcasts, ranks);
  const Real bandwidth = immediate.seconds(all, ranks) + seen * immediate.seconds(cost.broadcasts, ranks);
  const bool too_large = machine.memory && memory > *machine.memory;
  return {ranks, memory, seconds, alone / (Real(ranks) * seconds),
          limit_of(cost, latency, bandwidth, too_large)};
}

Real resident_memory(const Communicator& comm) {
  return comm.max(memory_of_process());
}

std::string estimate(const Estimated& estimated, const MachineOptions& machine,
                     const std::vector<Index>& ranks, bool as_json, const Communicator& comm) {
  const Interconnect interconnect = describe_interconnect(machine, comm);
  std::vector<PredictedPart> parts;
  for (const CostedPart& part : estimated.parts) {
    part.model->measure(comm);
    parts.push_back({part, {}});
    for (const Index number : ranks)
      parts.back().rows.push_back(
          predict_time(*part.model, interconnect, machine, estimated.program_memory, number));
  }
  return as_json ? json(parts, interconnect, estimated) : table(parts, interconnect);
}

}  // namespace weir
