#include "methods/simulate/Simulate.hpp"

#include <cmath>

#include "methods/simulate/SimulateCost.hpp"
#include "methods/simulate/Simulation.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/output/Snapshots.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

void Simulate::prepare(const Communicator& comm, const RunOptions& run) {
  check_simulation(options_, comm, run);
  simulation_ = std::make_unique<Simulation>(options_, comm, run);
  close_files(options_.initial);
}

void Simulate::check(const Communicator& comm, const RunOptions& run) {
  check_simulation(options_, comm, run);
  SimulateOptions few = options_;
  few.initial = smaller(few.initial, std::max(run.tile, Index(1000)));
  Simulation(few, comm, run);
}

std::vector<CostedPart> Simulate::costs(const Communicator& comm, const RunOptions& run) const {
  std::vector<CostedPart> parts;
  parts.push_back({"step", std::make_unique<SimulateCost>(options_, comm, run)});
  return parts;
}

bool Simulate::may_change(const DeckDifference& change, const Checkpoint& from) const {
  if (change.key != options_.time.where + ".end") return false;
  const Real reached = from.standing().tick.time;
  if (options_.time.end > reached) return true;
  throw InputError(change.key, fmt::format("found {}; {} stands at time {:g}: give a later end, or start "
                                           "afresh without --restart",
                                           change.now, from.path(), reached));
}

namespace {

/// int rho log rho of the Gaussian with covariance S: -1/2 log det(2 pi e S).
Real gaussian_negentropy(const std::vector<Real>& covariance, Index d) {
  const auto eigen = symmetric_eigen(covariance, d);
  Real sum = 0;
  for (Real value : eigen.values) sum -= 0.5 * std::log(2 * M_PI * std::exp(1.) * value);
  return sum;
}

/// The rows of metrics.csv.
class Reporter {
 public:
  Reporter(const SimulateMetricsOptions& options, Simulation& simulation, RunOutput& output)
      : options_(options),
        energy_(simulation.energy()),
        output_(output),
        moments_(output.comm(), simulation.partition(), simulation.components()) {}

  void report(const Tick& tick, const MatrixRef<const Real>& x) {
    const Index d = Index(x.extent(0));
    const auto covariance = moments_.covariance(x);
    const auto mean = moments_.last_mean();
    const FreeEnergy::Parts parts = wants_energy() ? energy_.energy(tick.time, x) : FreeEnergy::Parts();
    Metrics row;
    for (const auto& name : options_.report) {
      if (name == "mean") {
        for (Index a = 0; a < d; ++a) row.emplace_back(fmt::format("mean/{}", a), mean[a]);
        output_.summarise("mean", mean);
      } else if (name == "covariance") {
        for (Index a = 0; a < d; ++a)
          for (Index b = 0; b <= a; ++b)
            row.emplace_back(fmt::format("covariance/{}/{}", a, b), covariance[a * d + b]);
        output_.summarise("covariance", covariance);
      } else {
        row.emplace_back(name, scalar(name, tick.time, mean, covariance, parts));
      }
    }
    output_.report(tick.step, tick.time, row);
  }

 private:
  bool wants_energy() const {
    for (const auto& name : options_.report)
      if (name.find("energy") != std::string::npos) return true;
    return false;
  }
  Real scalar(const std::string& name, Real t, const std::vector<Real>& mean,
              const std::vector<Real>& covariance, const FreeEnergy::Parts& parts) const {
    const Index d = Index(mean.size());
    if (name == "second_moment") {
      Real sum = 0;
      for (Index a = 0; a < d; ++a) sum += covariance[a * d + a] + mean[a] * mean[a];
      return sum;
    }
    if (name == "potential_energy") return parts.potential;
    if (name == "interaction_energy") return parts.interaction;
    const Real entropy =
        energy_.temperature(t) > 0 ? energy_.temperature(t) * gaussian_negentropy(covariance, d) : 0;
    return name == "internal_energy" ? parts.internal + entropy : parts.total() + entropy;
  }

  const SimulateMetricsOptions& options_;
  FreeEnergy& energy_;
  RunOutput& output_;
  Moments moments_;
};

}  // namespace

void Simulate::run(RunOutput& output, RunControl& control) {
  Simulation& simulation = *simulation_;
  const Partition& partition = simulation.partition();
  Snapshots& snapshots = output.snapshots();
  Reporter reporter(options_.metrics, simulation, output);
  const auto is_due = [](Index step, Index every) { return every > 0 && step % every == 0; };
  Tick last{0, options_.time.start};
  const auto after_step = [&](const Tick& tick, const MatrixRef<const Real>& x) {
    const bool final = simulation.stage().is_over(tick);
    if (final || is_due(tick.step, options_.metrics.every)) {
      const Phase phase("metrics");
      reporter.report(tick, x);
    }
    if (final || tick.step == 0 || is_due(tick.step, options_.snapshots.every))
      snapshots.write(tick.step, tick.time, "particles", partition, x);
    last = tick;
  };
  control.run(simulation.stage(), 0, simulation.with_particles(after_step));
  output.finish(control.status(), last.step, last.time);
}

}  // namespace weir
