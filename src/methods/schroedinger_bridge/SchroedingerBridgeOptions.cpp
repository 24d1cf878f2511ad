#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"

namespace weir {

void describe(Section& section, SchroedingerBridgeOptions& options) {
  if (section.reading()) options.where = section.path();
  section.section("populations", options.populations, "snapshots of a population");
  section
      .option("leave_out", options.leave_out,
              "numbers of populations, from 0, that are not used, but predicted from their neighbours")
      .at_least(0);
  section.option("autoencoder", options.autoencoder, "what the bridge's space is").one_of({"identity"});
  section.section("snapshots", options.snapshots, "paths through the populations");
  section.section("metrics", options.metrics, "what is measured", "report");
  if (section.reading() && !options.populations)
    section.error("populations", "is missing; give `populations: {file: {..}}`");
}

}  // namespace weir
