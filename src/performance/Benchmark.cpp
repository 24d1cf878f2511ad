#include "weir/performance/Benchmark.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "weir/base/Configuration.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/base/Stopwatch.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/GaussianKernel.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/networks/Gemm.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {

using Json = nlohmann::ordered_json;

/// "model name" of the processor that this rank runs on, where the system tells.
std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

/// The best of several repetitions of `work`, each after a barrier, in units a second; of the slowest rank.
template <class Work>
Real best_rate(const Communicator& comm, Real units, Work work) {
  Real best = 0;
  work();
  for (int repetition = 0; repetition < 5; ++repetition) {
    comm.barrier();
    const Stopwatch watch;
    work();
    const Real seconds = comm.max(watch.seconds());
    best = std::max(best, units / seconds);
  }
  return best;
}

template <class T>
KernelRates measure(const Communicator& comm) {
  const Communicator self(MPI_COMM_SELF);
  const Index particles = 4096, width = 128, columns = 64, products = 200;
  Ensemble ensemble(self, particles, 2, 64);
  for (Index i = 0; i < particles; ++i)
    for (Index c = 0; c < 2; ++c) ensemble.x(c, i) = Real((i * 37 + c * 11) % 101) / 101;
  PairSum<T> sum(self, ensemble.partition, ensemble.partition, 2);
  const Matrix<Real> sums("Weir::Benchmark::sums", 3, particles);
  const Matrix<T> a("Weir::Benchmark::a", width, width), b("Weir::Benchmark::b", width, columns),
      c("Weir::Benchmark::c", width, columns);
  KernelRates rates;
  rates.pairs = best_rate(comm, Real(particles * particles), [&] {
    sum("Weir::Benchmark::pairs", GaussianDensity{4.0}, ensemble.x, ensemble.x, MatrixRef<const Real>(),
        sums);
  });
  rates.flops = best_rate(comm, 2 * Real(width * width * columns * products), [&] {
    for (Index p = 0; p < products; ++p)
      gemm(Op::none, Op::none, width, columns, width, T(1), a.data(), width, b.data(), width, T(0), c.data(),
           width);
  });
  return rates;
}

/// A phase over all ranks. Every rank has the same phases, in the same order.
struct WholePhase {
  Real seconds;
  Index times;
  Index counts[4];  // calls, bytes, pairs, flops
};
WholePhase over_ranks(const Communicator& comm, const Phase::Record& record) {
  const Counters& c = record.counted;
  WholePhase whole{comm.max(record.seconds), record.times, {c.calls, c.bytes, c.pairs, c.flops}};
  comm.sum(whole.counts, 4);
  return whole;
}

}  // namespace

KernelRates measure_kernels(const Communicator& comm, bool single) {
  return single ? measure<float>(comm) : measure<double>(comm);
}

std::string write_benchmark(const RunOutput& output, const std::string& deck, const std::string& method,
                            Real seconds) {
  const Communicator& comm = output.comm();
  const auto records = Phase::records();  // a copy: what follows is no part of the run
  Json phases = Json::object(), share = Json::object();
  Index calls = 0, bytes = 0;
  const Index steps = counters().steps, moved = comm.sum(counters().particle_steps);
  const KernelRates rates = measure_kernels(comm, output.run().single_precision());
  for (const auto& [name, record] : records) {
    const WholePhase whole = over_ranks(comm, record);
    const auto [all_calls, all_bytes, pairs, flops] = whole.counts;
    phases[name] = {{"seconds", whole.seconds}, {"times", whole.times}, {"calls", all_calls},
                    {"bytes", all_bytes},       {"pairs", pairs},       {"flops", flops}};
    const Real rank_seconds = whole.seconds * Real(comm.size());
    if (pairs > 0 && whole.seconds > 0) share[name + ".pairs"] = Real(pairs) / (rank_seconds * rates.pairs);
    if (flops > 0 && whole.seconds > 0) share[name + ".flops"] = Real(flops) / (rank_seconds * rates.flops);
    calls += all_calls;
    bytes += all_bytes;
  }
  Json json;
  json["version"] = WEIR_VERSION;
  json["commit"] = WEIR_COMMIT;
  json["compiler"] = WEIR_COMPILER ", " WEIR_BUILD_TYPE;
  json["processor"] = processor();
  json["deck"] = deck;
  json["name"] = output.run().name;
  json["method"] = method;
  json["precision"] = output.run().precision;
  json["ranks"] = comm.size();
  json["threads"] = host_threads();
  json["seconds"] = comm.max(seconds);
  json["steps"] = steps;
  json["steps_per_second"] = Real(steps) / comm.max(seconds);
  json["particle_steps_per_second"] = Real(moved) / comm.max(seconds);
  json["calls"] = calls;
  json["bytes"] = bytes;
  json["phases"] = phases;
  json["rates"] = {{"pairs_per_second", rates.pairs}, {"flops_per_second", rates.flops}};
  json["share"] = share;
  const std::string text = json.dump(2);
  comm.agree([&] {
    if (!comm.is_root()) return;
    std::ofstream file(output.path("benchmark.json"), std::ios::trunc);
    file << text << "\n";
    file.close();
    if (!file) throw RunError(fmt::format("cannot write {}", output.path("benchmark.json")));
  });
  return text;
}

}  // namespace weir
