#include "methods/populations/Coupling.hpp"

#include <fmt/format.h>

namespace weir {

void describe(Section& section, GrowthOptions& options) {
  section
      .option("rho", options.rho,
              "price of marginals that differ from the populations (times their divergence), in units of the "
              "mean "
              "squared distance of independent pairs; large: no growth")
      .above(0);
}

void describe(Section& section, CouplingOptions& options) {
  if (section.reading()) options.where = section.path();
  section
      .option(
          "method", options.method,
          "auto: assignment where sizes are equal, network_simplex elsewhere. sinkhorn: entropic, of whole "
          "populations, for sizes beyond exact_limit")
      .one_of({"auto", "assignment", "network_simplex", "sinkhorn"});
  section.option("batch", options.batch, "particles coupled at a time, or `whole` populations")
      .at_least(1)
      .one_of({"whole"});
  section
      .option("exact_limit", options.exact_limit, "most particles a side that are coupled exactly at a time")
      .at_least(1);
  section
      .option("epsilon", options.epsilon,
              "sinkhorn: weight of the entropy, in units of the mean squared distance of independent pairs")
      .above(0);
  section
      .option("tolerance", options.tolerance,
              "sinkhorn: error of the marginals at which to stop (of 2 at most)")
      .above(0);
  section.option("max_iterations", options.max_iterations, "sinkhorn: most iterations").at_least(1);
  section.section("growth", options.growth,
                  "particles may multiply or die on their way: unbalanced Sinkhorn; false: none", "rho");
  if (section.reading() && options.growth && options.method != "sinkhorn" && options.method != "auto")
    section.error("method", fmt::format("found {}; `growth` is for sinkhorn: leave method out, or growth",
                                        options.method));
  if (!section.reading() || !options.entropic()) return;
  if (section.given("batch") && !options.batch.is_word())
    section.error("batch", "sinkhorn couples whole populations; leave batch out, or give `whole`");
  options.batch = "whole";
}

}  // namespace weir
