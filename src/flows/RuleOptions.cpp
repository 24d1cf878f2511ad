#include "weir/flows/RuleOptions.hpp"

namespace weir {

void describe(Section& section, LangevinOptions& options) {
  section
      .option("step", options.step,
              "step size h of a sub-step; by default the step of the stage, shared by its sub-steps")
      .above(0);
}

void describe(Section& section, PreconditionedLangevinOptions& options) {
  section.option("step", options.step, "step size h of a sub-step").above(0);
  section
      .option("metric", options.metric,
              "of the gradients g so far: diagonal, 1 / mean g^2 for each component; fisher, the inverse of "
              "the matrix of the means g g'")
      .one_of({"diagonal", "fisher"});
  section.option("diagonal", options.diagonal, "scales of the components, one for each, in place of these")
      .above(0);
  if (section.reading() && !options.diagonal.empty() && options.metric == "fisher")
    section.error("diagonal", "found both `diagonal` and `metric: fisher`; give one of them");
}

void describe(Section& section, UnderdampedLangevinOptions& options) {
  section.option("step", options.step, "step size h of a sub-step").above(0);
  section.option("gamma", options.gamma, "friction of the particles").above(0);
  section
      .option("eta", options.eta,
              "inverse mass; by default (1 - 0.9) / (gamma step): a sub-step keeps about nine tenths of the "
              "momentum")
      .above(0);
}

void describe(Section& section, MalaOptions& options) {
  section.option("step", options.step,
                 "step size h of a sub-step: a number, or one for each part of the block");
  section
      .option("target", options.target,
              "acceptance to which the step is adapted, h <- h exp(.05 (acceptance - target)) after every "
              "step; by default it stays")
      .above(0)
      .below(1);
  if (!section.reading()) return;
  for (const Real step : options.step.values)
    if (!(step > 0)) section.error("step", "found a step that is not above 0; give steps above 0");
}

void describe(Section& section, ParameterRuleOptions& options) {
  const bool momentum = options.name == "momentum", adam = options.name == "adam";
  const bool scaled = adam || options.name == "rmsprop";
  section.option("rate", options.rate, "step size of the parameters").above(0);
  if (momentum || adam)
    section.option("first_moment", options.first_moment, "share of the old mean gradient that stays")
        .at_least(0)
        .below(1);
  if (scaled) {
    section.option("second_moment", options.second_moment, "share of the old mean square that stays")
        .at_least(0)
        .below(1);
    section.option("epsilon", options.epsilon, "added to the root of the mean square").above(0);
  }
  section
      .option("decay", options.decay,
              "decoupled weight decay of all parameters, biases and coefficients included")
      .at_least(0);
  section.option("clip", options.clip, "gradients longer than this are shortened to it").above(0);
  section.option("schedule", options.schedule, "of the rate: constant, or a half cosine down to `final`")
      .one_of({"constant", "cosine"});
  section.option("final", options.final, "share of the rate where a cosine ends").at_least(0).at_most(1);
  section.option("hold", options.hold, "share of the training before a cosine begins").at_least(0).below(1);
  section.option("warm_up", options.warm_up, "iterations over which the rate rises to its value").at_least(0);
  section
      .option("average", options.average,
              "share of the old parameters in their running average, which is then used in their place when "
              "training is over")
      .above(0)
      .below(1);
}

void describe(Section& section, ParticleRuleChoice& options) {
  section.one_of(options.rule, "how particles move");
}

void describe(Section& section, ParameterRuleChoice& options) {
  section.one_of(options.rule, "the optimiser");
}

namespace {
struct Name {
  std::string operator()(const StillOptions&) const { return "still"; }
  std::string operator()(const LangevinOptions& rule) const { return rule.name; }
  std::string operator()(const ParameterRuleOptions& rule) const { return rule.name; }
  template <class Options>
  std::string operator()(const Options&) const {
    return Options::key;
  }
};
}  // namespace

std::string name_of(const RuleOptions& rule) {
  return std::visit(Name(), rule);
}

}  // namespace weir
