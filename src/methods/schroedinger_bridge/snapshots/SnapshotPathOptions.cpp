#include "methods/schroedinger_bridge/snapshots/SnapshotPathOptions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

void describe(Section&, DisplacementPathOptions&) {}
void describe(Section& section, BridgePathOptions& options) {
  section
      .option("sigma", options.sigma,
              "deviation of the reference Brownian motion over one interval between snapshots; above .2 it "
              "mostly blurs predictions")
      .at_least(0);
}
void describe(Section& section, SplinePathOptions& options) {
  section
      .option("beta", options.beta,
              "0: straight, 1: the spline; fewer than four snapshots leave straight paths")
      .at_least(0);
}
void describe(Section& section, PathOptions& options) {
  section.one_of(options.shape, "the shape of a path between snapshots");
}

void describe(Section& section, SnapshotPathOptions& options) {
  if (section.reading()) options.where = section.path();
  section.section("coupling", options.coupling, "coupling of consecutive snapshots that are kept", "method");
  section.section("growth", options.growth, "the same as coupling.growth", "rho");
  section.section("path", options.path, "paths between snapshots");
  section
      .option("start", options.start,
              "whose particles the predictions of a snapshot left out are: paths from the kept snapshot "
              "before it, from the one after it, or from the first one")
      .one_of({"previous", "next", "first"});
  section
      .option("standardise", options.standardise,
              "whether components are divided by their deviation, and centred, before anything is coupled or "
              "measured: by that of the rows kept, or of all rows; snapshots.h5 is in the units of the data")
      .one_of({"none", "kept", "all"});
  section
      .option("trajectories_from", options.trajectories_from,
              "number of the snapshot whose particles get a trajectory in snapshots.h5 (block `paths`)")
      .at_least(0);
  section.option(
      "times", options.times,
      "times of the trajectories, ascending, between the first and the last snapshot; none: those of all "
      "snapshots");
  if (!section.reading()) return;
  if (std::adjacent_find(options.times.begin(), options.times.end(), std::greater_equal<Real>()) !=
      options.times.end())
    section.error("times", "allowed: each above the one before");
  if (!options.growth) return;
  if (options.coupling.growth)
    section.error("growth", "stands in `coupling` as well; give it once");
  else if (options.coupling.method != "auto" && options.coupling.method != "sinkhorn")
    section.error("coupling.method",
                  fmt::format("found {}; `growth` is for sinkhorn: leave method out, or growth",
                              options.coupling.method));
  options.coupling.growth = options.growth;
  options.growth.reset();
}

}  // namespace weir
