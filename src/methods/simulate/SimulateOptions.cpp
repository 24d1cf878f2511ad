#include "methods/simulate/SimulateOptions.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"
#include "weir/flows/Stage.hpp"

namespace weir {

bool is_langevin(const std::string& scheme) {
  const auto names = LangevinOptions::keys();
  return std::find(names.begin(), names.end(), scheme) != names.end();
}

RuleOptions rule_of(const TimeOptions& time) {
  LangevinOptions rule;
  if (is_langevin(time.scheme)) rule.name = time.scheme;
  return rule;
}

namespace {
std::vector<std::string> scheme_names() {
  auto all = LangevinOptions::keys();
  all.insert(all.end(), native_solvers().begin(), native_solvers().end());
  return all;
}
}  // namespace

void describe(Section& section, TimeOptions& options) {
  if (section.reading()) options.where = section.path();
  section.option("start", options.start, "time of the initial ensemble").unit("time");
  section.required("end", options.end, "time at which the simulation ends").unit("time");
  section.required("step", options.step, "step size h").unit("time").above(0);
  section.option("scheme", options.scheme, "stepper; all but the Langevin schemes need a noise-free flow")
      .one_of(scheme_names());
  section
      .option("tolerance", options.tolerance,
              "rk: steps are adapted to this local error, relative and absolute")
      .above(0);
  if (!section.reading()) return;
  if (options.end <= options.start)
    section.error("end",
                  fmt::format("found {}; allowed: after start, which is {}", options.end, options.start));
  if (options.tolerance && options.scheme != "rk")
    section.error("tolerance", "adaptive steps need `scheme: rk`; choose it, or leave the tolerance out");
}
void describe(Section& section, SnapshotOptions& options) {
  section.option("every", options.every, "steps between snapshots; 0: only the first and the last state")
      .at_least(0);
}
void describe(Section& section, SimulateMetricsOptions& options) {
  section
      .option("report", options.report,
              "what metrics.csv and the summary report. free_energy counts an entropy by noise as that of "
              "the Gaussian of the same covariance")
      .one_of({"mean", "covariance", "second_moment", "free_energy", "potential_energy", "interaction_energy",
               "internal_energy"});
  section.option("every", options.every, "steps between reports").at_least(1);
}
void describe(Section& section, SimulateOptions& options) {
  section.required_section("initial", options.initial, "the ensemble at the start");
  section.section("energy", options.energy, "the free energy");
  section.required_section("time", options.time, "time axis and stepper");
  section.section("snapshots", options.snapshots, "states written to snapshots.h5", "every");
  section.section("metrics", options.metrics, "numbers reported as the run goes", "report");
}

}  // namespace weir
