#include "methods/schroedinger_bridge/latent/BridgeRun.hpp"

#include "methods/schroedinger_bridge/BridgeStages.hpp"
#include "methods/schroedinger_bridge/latent/BridgeFlow.hpp"
#include "weir/flows/Stage.hpp"

namespace weir {

std::optional<Ensemble> BridgeRun::follow(Ensemble latents, RunOutput& output, RunControl& control,
                                          const AfterStep& after_step) const {
  const StageList stages = latent_stages();
  const int number = stages.number(stage);
  BridgeFlow flow(drift, grid, sigma, latents.comm, latents.partition, latents.components());
  SteppingOptions stepping;
  stepping.end = Real(grid.steps());
  stepping.step = 1;
  stepping.seed = output.run().seed;
  stepping.stage = stages.number("generate");
  stepping.single = output.run().single_precision();
  stepping.remedy = "a larger sigma or a smaller `stop` may help";
  Stage steps(stepping, flow, where);
  const Layout& layout = *flow.layout();
  Kokkos::deep_copy(BlockViews(layout, steps.state().vec())[0], latents.x);
  const auto after = [&](const Tick& tick) {
    if (after_step) after_step(tick.step, ConstBlockViews(layout, steps.state().vec())[0]);
  };
  if (!control.run(steps, number, after)) return {};
  Kokkos::deep_copy(latents.x, ConstBlockViews(layout, steps.state().vec())[0]);
  return latents;
}

}  // namespace weir
