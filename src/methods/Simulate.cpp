#include "weir/methods/Simulate.hpp"

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/methods/EnsembleFlow.hpp"
#include "weir/output/Snapshots.hpp"

namespace weir {

void describe(Section& section, TimeOptions& options) {
  options.where = section.path();
  section.option("start", options.start, "time of the initial ensemble").unit("time");
  section.required("end", options.end, "time at which the simulation ends").unit("time");
  section.required("step", options.step, "step size h").unit("time").above(0);
  section.option("scheme", options.scheme, "stepper; all but the Langevin schemes need a noise-free flow").one_of(scheme_names());
  section.option("tolerance", options.tolerance, "rk: steps are adapted to this local error, relative and absolute").above(0);
  if (!section.reading()) return;
  if (options.end <= options.start) section.error("end", fmt::format("found {}; allowed: after start, which is {}", options.end, options.start));
  if (options.tolerance && options.scheme != "rk")
    section.error("tolerance", "adaptive steps need `scheme: rk`; choose it, or leave the tolerance out");
}
void describe(Section& section, SnapshotOptions& options) {
  section.option("every", options.every, "steps between snapshots; 0: only the first and the last state").at_least(0);
}
void describe(Section& section, SimulateMetricsOptions& options) {
  section
      .option("report", options.report,
              "what metrics.csv and the summary report. free_energy counts an entropy by noise as that of the Gaussian of the same covariance")
      .one_of({"mean", "covariance", "second_moment", "free_energy", "potential_energy", "interaction_energy", "internal_energy"});
  section.option("every", options.every, "steps between reports").at_least(1);
}
void describe(Section& section, SimulateOptions& options) {
  section.required_section("initial", options.initial, "the ensemble at the start");
  section.section("energy", options.energy, "the free energy");
  section.required_section("time", options.time, "time axis and stepper");
  section.section("snapshots", options.snapshots, "states written to snapshots.h5", "every");
  section.section("metrics", options.metrics, "numbers reported as the run goes", "report");
}

void Simulate::prepare(const Communicator& comm, const RunOptions&) {
  comm.agree([&] {
    const auto shape = shape_of(options_.initial);
    for (const auto& term : options_.energy.potential) make_potential(term, shape.dimension);
  });
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
  Reporter(const SimulateMetricsOptions& options, const Ensemble& shape, FreeEnergy& energy, RunOutput& output)
      : options_(options), energy_(energy), output_(output), moments_(shape.comm, shape.partition, shape.components()) {}

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
          for (Index b = 0; b <= a; ++b) row.emplace_back(fmt::format("covariance/{}/{}", a, b), covariance[a * d + b]);
        output_.summarise("covariance", covariance);
      } else {
        row.emplace_back(name, scalar(name, mean, covariance, parts));
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
  Real scalar(const std::string& name, const std::vector<Real>& mean, const std::vector<Real>& covariance, const FreeEnergy::Parts& parts) const {
    const Index d = Index(mean.size());
    if (name == "second_moment") {
      Real sum = 0;
      for (Index a = 0; a < d; ++a) sum += covariance[a * d + a] + mean[a] * mean[a];
      return sum;
    }
    if (name == "potential_energy") return parts.potential;
    if (name == "interaction_energy") return parts.interaction;
    const Real entropy = energy_.temperature() > 0 ? energy_.temperature() * gaussian_negentropy(covariance, d) : 0;
    return name == "internal_energy" ? parts.internal + entropy : parts.total() + entropy;
  }

  const SimulateMetricsOptions& options_;
  FreeEnergy& energy_;
  RunOutput& output_;
  Moments moments_;
};

}  // namespace

void Simulate::run(RunOutput& output) {
  const auto& time = options_.time;
  const bool single = output.run().single_precision();
  Ensemble ensemble = make_ensemble(options_.initial, output.comm(), output.run().tile, output.run().seed);
  FreeEnergy energy(options_.energy, output.comm(), ensemble.partition, ensemble.components(), single, ensemble.x);
  EnsembleFlow flow(ensemble, energy);
  Stage stage({time.start, time.end, time.step, time.scheme, time.tolerance, output.run().seed, 0, single}, flow, time.where + ".scheme");
  Kokkos::deep_copy(BlockViews(stage.state().layout(), stage.state().vec())[0], ensemble.x);

  Snapshots snapshots(output);
  Reporter reporter(options_.metrics, ensemble, energy, output);
  const Index planned = stage.planned_steps(), every = options_.snapshots.every;
  Index last_reported = -1, last_written = -1;
  Tick last{0, time.start};
  const auto report = [&](const Tick& tick, bool final) {
    const ConstBlockViews x(stage.state().layout(), stage.state().vec());
    const bool due = tick.step % options_.metrics.every == 0 || final;
    if (due && last_reported != tick.step) {
      reporter.report(tick, x[0]);
      last_reported = tick.step;
    }
    const bool wanted = tick.step == 0 || (every > 0 && tick.step % every == 0) || final;
    if (wanted && last_written != tick.step) {
      snapshots.write(tick.step, tick.time, "particles", ensemble.partition, x[0]);
      last_written = tick.step;
    }
  };
  stage.run([&](const Tick& tick) {
    report(tick, false);
    output.progress(tick.step, planned, tick.time);
    last = tick;
  });
  report(last, true);
  output.finish("done", last.step, last.time);
}

}  // namespace weir
