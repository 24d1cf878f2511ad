#include "methods/schroedinger_bridge/latent/ReferenceBridges.hpp"

#include <fmt/format.h>

#include "methods/schroedinger_bridge/BridgeStages.hpp"
#include "methods/schroedinger_bridge/drifts/EmpiricalDrift.hpp"
#include "methods/schroedinger_bridge/latent/BridgeRun.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir {

namespace {

constexpr Real late_stop = 1 - 1e-5;

}  // namespace

bool ReferenceBridges::follow(const Ensemble& starts, RunOutput& output, RunControl& control) {
  const BridgeOptions& bridge = *options_.bridge;
  const bool from_point = std::holds_alternative<PointStart>(bridge.start.law);
  const Matrix<Real> heights = from_point ? point_heights(ends_.train, ends_.sigma)
                                          : Matrix<Real>("Weir::ReferenceBridges::heights", 1,
                                                         ends_.train.partition.local_particles());
  const auto drift = make_empirical_drift(ends_.train, heights, ends_.sigma, starts.partition,
                                          output.run().single_precision());
  const auto grid = [&](Index steps, Real stop) {
    return BridgeGrid(steps, stop, bridge.grid, bridge.last_step);
  };
  const Index fine_steps = options_.metrics.reference_steps;
  const std::pair<std::string, BridgeGrid> references[] = {{"exact", grid(bridge.steps, bridge.stop)},
                                                           {"fine", grid(fine_steps, bridge.stop)},
                                                           {"late", grid(fine_steps, late_stop)}};
  for (const auto& [name, times] : references) {
    const std::string place = "/generated/" + name;
    Ensemble latents = copy_of(starts);
    if (const Checkpoint* from = output.restart();
        from && from->standing().stage > latent_stages().number(name)) {
      read_particles(from->file(), place, latents.partition, latents.x);
    } else {
      output.log(fmt::format("reference bridge `{}`: {} steps", name, times.steps()));
      const BridgeRun reference{*drift, times, ends_.sigma, name, bridge.where};
      auto ends = reference.follow(latents, output, control);
      if (!ends) return false;
      latents = std::move(*ends);
    }
    latents_.emplace_back(name, std::move(latents));
    kept_.emplace_back(control, [place, &kept = latents_.back().second](Hdf5File& file) {
      write_particles(file, place, kept.partition, kept.x);
    });
  }
  return true;
}

std::list<std::unique_ptr<GenerationMetrics>> ReferenceBridges::distances(const RunOptions& run) const {
  std::list<std::unique_ptr<GenerationMetrics>> all;
  const auto measure = [&](const Ensemble& latents, const std::string& suffix) {
    GenerationMetricsOptions options = options_.metrics.of_samples();
    options.report = {"w2" + suffix};
    all.push_back(std::make_unique<GenerationMetrics>(
        options, GeneratedRows{latents, ends_.test, ends_.train, {}}, run, suffix));
  };
  measure(bridge_, "_bridge");
  for (const auto& [name, latents] : latents_) measure(latents, "_" + name);
  return all;
}

Metrics ReferenceBridges::parts(const Metrics& distances, Real reconstruction) {
  const auto value = [&](const std::string& name) {
    for (const auto& [found, distance] : distances)
      if (found == name) return distance;
    throw std::logic_error("no distance " + name);
  };
  const auto error = [&](const std::string& bridge) {
    const Real w = value("w2_" + bridge), floor = value("w2_floor_" + bridge);
    return w * w - 0.5 * floor * floor;
  };
  return {{"error", error("bridge")},
          {"error_score", error("bridge") - error("exact")},
          {"error_discretisation", error("exact") - error("fine")},
          {"error_early_stopping", error("fine") - error("late")},
          {"error_rest", error("late")},
          {"error_pretraining", reconstruction * reconstruction}};
}

}  // namespace weir
