#include "weir/methods/LearnEnergies.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "FeatureCentres.hpp"
#include "PotentialGrid.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/output/Snapshots.hpp"

namespace weir {

void describe(Section& section, ModelOptions& options) {
  section.one_of(options.kind, "the model of the energies");
}

void describe(Section& section, LearnEnergiesOptions& options) {
  section.required_section("populations", options.populations, "the snapshots to learn from");
  section.section("split", options.split, "what is kept from training", "test");
  section
      .option("pairing", options.pairing,
              "unpaired: every snapshot is an independent population; paired: rows of all snapshots are the "
              "same particles")
      .one_of({"unpaired", "paired"});
  section.section("coupling", options.coupling, "optimal coupling of consecutive populations", "method");
  section.section("density", options.density, "density of a population, for its entropy");
  section.required_section("model", options.model, "what is learned");
  section
      .option("predict", options.predict,
              "one_step: from each test population; roll_out: from the first through all times")
      .one_of({"one_step", "roll_out"});
  section.section("metrics", options.metrics, "how predictions are measured", "report");
  if (section.reading() && std::holds_alternative<FilePopulations>(options.populations.source))
    for (const auto& name : options.metrics.report)
      if (section.given("metrics") && name == "l2_uvp")
        section.error(
            "metrics",
            "l2_uvp compares with the true energy, which only simulated populations have; leave it out");
}

void LearnEnergies::prepare(const Communicator& comm, const RunOptions& run) {
  const auto& linear = std::get<LinearModelOptions>(options_.model.kind);
  const Index dimension = check_populations(options_.populations, comm);
  count_features(linear.features, dimension);
  populations_ =
      make_populations(options_.populations, options_.split, options_.pairing == "paired", comm, run);
  check_couplings(options_.coupling, populations_->train);
  check_data_centres(linear.features, populations_->train);
}

namespace {

/// Phases of the run, each with its time in the summary as seconds/<name>.
class Phases {
 public:
  explicit Phases(RunOutput& output) : output_(output) {}
  template <class Work>
  auto operator()(const char* name, Work work) {
    const auto start = std::chrono::steady_clock::now();
    Kokkos::Profiling::pushRegion(std::string("Weir::LearnEnergies::") + name);
    auto result = work();
    Kokkos::Profiling::popRegion();
    const Real seconds = std::chrono::duration<Real>(std::chrono::steady_clock::now() - start).count();
    output_.summarise(std::string("seconds/") + name, seconds);
    return result;
  }

 private:
  RunOutput& output_;
};

void describe_populations(const Populations& populations, RunOutput& output) {
  for (Index k = 0; k < populations.count(); ++k)
    output.log(fmt::format("population {} at time {:g}: {} to train, {} to test, {} components", k,
                           populations.times[k], populations.train[k].particles(),
                           populations.test[k].particles(), populations.dimension()));
}

void describe_couplings(const std::vector<CoupledEnsemble>& couplings, RunOutput& output) {
  Real cost = 0, gap = 0;
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    output.log(fmt::format("coupling {} to {}: mean squared distance {:.6g}, duality gap {:.1e}", k, k + 1,
                           couplings[k].cost, couplings[k].gap));
    cost += couplings[k].cost / Real(couplings.size());
    gap = std::max(gap, couplings[k].gap);
  }
  output.summarise({{"coupling_cost", cost}, {"coupling_gap", gap}});
}

void describe_fit(const LinearFit& fit, RunOutput& output) {
  output.log(fmt::format("{} unknowns, rank {}, condition {:.3g}, loss {:.6g}", fit.unknowns, fit.rank,
                         fit.condition, fit.loss));
  for (const auto& direction : fit.null_directions) output.log("not determined by the data: " + direction);
  output.summarise("unknowns", fit.unknowns);
  output.summarise("rank", fit.rank);
  output.summarise({{"condition", fit.condition}, {"loss", fit.loss}});
  for (std::size_t k = 0; k < fit.energy.entropy.size(); ++k) {
    const std::string name = fit.energy.entropy.size() == 1 ? "entropy" : fmt::format("entropy/{}", k);
    output.summarise(name, fit.energy.entropy[k]);
    output.log(fmt::format("{}: {:.6g}{}", name, fit.energy.entropy[k],
                           fit.energy.entropy[k] < 0 ? " (taken as 0 in predictions)" : ""));
  }
}

}  // namespace

void LearnEnergies::run(RunOutput& output, RunControl& control) {
  const Communicator& comm = output.comm();
  const RunOptions& run = output.run();
  const auto& linear = std::get<LinearModelOptions>(options_.model.kind);
  const bool next = linear.features_at == "next";
  Phases phase(output);
  const Populations& populations = *populations_;
  describe_populations(populations, output);

  const auto couplings = phase("coupling", [&] {
    return couple_populations(options_.coupling, populations.train,
                              next ? CoupledAt::next : CoupledAt::current);
  });
  describe_couplings(couplings, output);

  const Index steps = populations.count() - 1, offset = next ? 1 : 0;
  const auto densities = phase("density", [&] {
    std::vector<std::unique_ptr<Density>> fitted(steps);
    for (Index k = 0; linear.entropy && k < steps; ++k)
      fitted[k] = fit_density(options_.density, populations.train[k + offset], run.seed, int(k));
    return fitted;
  });
  for (Index k = 0; linear.entropy && k < steps; ++k)
    for (const auto& remark : densities[k]->remarks())
      output.log(fmt::format("density of population {}: {}", k + offset, remark));

  const LinearFit fit = phase("fit", [&] {
    std::vector<Transition> transitions;
    for (Index k = 0; k < steps; ++k)
      transitions.push_back({populations.train[k + offset], couplings[k],
                             populations.times[k + 1] - populations.times[k], densities[k].get()});
    return fit_linear_model(linear, populations.times, transitions, comm, run);
  });
  describe_fit(fit, output);

  const bool has_test = populations.test.front().particles() > 0;
  if (!has_test) output.log("no test particles were kept: predictions start from the training populations");
  const auto& observed = has_test ? populations.test : populations.train;
  const PredictionOptions prediction{options_.predict == "roll_out", next};
  const Predictions predictions =
      phase("prediction", [&] { return predict(prediction, fit.energy, populations.times, observed, run); });
  if (next) {
    output.summarise("unconverged", predictions.unconverged);
    if (predictions.unconverged > 0)
      output.log(fmt::format("{:.2g}% of the implicit steps did not converge and were taken explicitly",
                             100 * predictions.unconverged));
  }

  const auto* simulated = std::get_if<SimulatedPopulations>(&options_.populations.source);
  const Metrics metrics = phase("metrics", [&] {
    return prediction_metrics(options_.metrics, prediction, predictions, populations, observed,
                              simulated ? &simulated->energy : nullptr, run);
  });
  for (const auto& [name, value] : metrics)
    if (name.find('/') == std::string::npos) output.log(fmt::format("{}: {:.6g}", name, value));
  output.report(steps, populations.times.back(), metrics);

  phase("output", [&] {
    {
      Hdf5File file(output.path("energies.h5"), comm.mpi(), Hdf5File::Access::create);
      fit.energy.write(file);
      write_potential_grid(file, fit.energy, simulated ? &simulated->energy : nullptr, populations, comm);
    }
    Snapshots snapshots(output);
    for (Index k = 0; k < populations.count(); ++k) {
      snapshots.write(k, populations.times[k], "observed", observed[k].partition, observed[k].x);
      if (k > 0)
        snapshots.write(k, populations.times[k], "predicted", predictions.populations[k - 1].partition,
                        predictions.populations[k - 1].x);
    }
    return 0;
  });
  output.finish(control.status(), steps, populations.times.back());
}

}  // namespace weir
