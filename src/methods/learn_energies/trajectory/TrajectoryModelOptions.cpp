#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"

#include <algorithm>
#include <cmath>

namespace weir {

TrajectoryTrainOptions::TrajectoryTrainOptions() {
  ParameterRuleOptions adam;
  adam.rate = 5e-3;
  adam.second_moment = 0.99;  // with 0.999 the first steps' gradients, of about 1, hold back all later ones
  adam.schedule = "cosine";
  rule.rule = adam;
  particles.rule = adam;
}

void describe(Section& section, TrajectoryTrainOptions& options) {
  section.option("iterations", options.iterations, "gradient steps, each with all particles and all data")
      .at_least(1);
  section.section("particles", options.particles, "how the trajectory's particles descend");
  describe(section, static_cast<TrainOptions&>(options));  // the networks, the bandwidth and beta
}

void describe(Section& section, TrajectoryInteractionOptions& options) {
  describe(section, static_cast<InteractionNetworkOptions&>(options));
  section
      .option("sources", options.sources,
              "particles, rounded to whole tiles, that those of a knot meet in an iteration, drawn anew each "
              "time; all of them cost the square of the particles")
      .at_least(1)
      .one_of({"all"});
}

namespace {

void check_combination(Section& section, const TrajectoryModelOptions& options) {
  if (options.train_entropy && !options.entropy)
    section.error("train_entropy", "needs `entropy`, the coefficient to start with");
  if (options.train_entropy && options.potential && options.potential->time)
    section.error("train_entropy",
                  "a potential V(x, t) does whatever an entropy can do, so beta is not determined; give "
                  "`potential: {time: false}`, or beta");
  if (!options.potential && !options.interaction && !options.train_entropy)
    section.error("potential",
                  "nothing is learned; allowed: potential, interaction, train_entropy, at least one");
}

}  // namespace

void describe(Section& section, TrajectoryModelOptions& options) {
  if (section.reading()) {
    options.where = section.path();
    options.particles_given = section.given("particles");
  }
  section
      .option(
          "particles", options.particles,
          "particles of the trajectory, which start at those of the first snapshot: at most as many as it "
          "has for training (default: at most 1000)")
      .at_least(2);
  section
      .option("steps", options.steps,
              "steps from the first to the last snapshot; each interval between snapshots has at least one")
      .at_least(1);
  section
      .option("residual", options.residual,
              "trapezoid: of the flow in continuous time, predictions by Heun's method; explicit: of "
              "explicit Euler "
              "steps; both predict by the trajectory's own steps")
      .one_of({"trapezoid", "explicit"});
  section.option("weight", options.weight, "of the residual beside the likelihood").above(0);
  section
      .option("bandwidth", options.bandwidth,
              "of the kernel densities, or by Silverman's rule for each snapshot; where training starts")
      .above(0)
      .one_of({"silverman"});
  section.option(
      "blur", options.blur,
      "convolve the snapshots with the kernel too, by noise drawn anew in every iteration: else the "
      "trajectory's variance comes out too small by the bandwidth's square");
  section.option("train_bandwidth", options.train_bandwidth,
                 "learn one factor of all bandwidths; it tends to shrink until particles sit on data");
  section.section("potential", options.potential, "network of V; false: none");
  section.section("interaction", options.interaction, "network of W; false: none");
  section
      .option("entropy", options.entropy,
              "coefficient beta of the entropy, the temperature of the noise; where training starts if it is "
              "learned")
      .at_least(0);
  section.option("train_entropy", options.train_entropy,
                 "learn beta too: it is weakly determined; better give it where it is known");
  section
      .option(
          "score", options.score,
          "what the entropy pushes with: blob, the force of int rho log(K * rho), right to the bandwidth's "
          "square; or density, grad log(K * rho), of a law that is wider by it")
      .one_of({"blob", "density"});
  section.section("train", options.train, "how it is trained");
  if (section.reading()) check_combination(section, options);
}

TimeGrid::TimeGrid(const std::vector<Real>& snapshots, Index steps) {
  const Real whole = snapshots.back() - snapshots.front();
  for (std::size_t k = 0; k + 1 < snapshots.size(); ++k) {
    const Real tau = snapshots[k + 1] - snapshots[k];
    const Index here = std::max(Index(1), Index(std::llround(Real(steps) * tau / whole)));
    snapshot_knots.push_back(knots());
    for (Index j = 0; j < here; ++j) times.push_back(snapshots[k] + tau * Real(j) / Real(here));
  }
  snapshot_knots.push_back(knots());
  times.push_back(snapshots.back());
}

}  // namespace weir
