#include "weir/energies/EnergyOptions.hpp"

#include "weir/energies/Expression.hpp"

namespace weir {

namespace {
void describe_centre(Section& section, VectorValue& centre) {
  section.option("centre", centre, "where it is centred (a potential's; interactions act on differences)")
      .unit("length");
}
}  // namespace

void describe(Section&, FunctionalOptions&) {}

void describe(Section& section, QuadraticOptions& options) {
  describe_centre(section, options.centre);
  section
      .option("stiffness", options.stiffness,
              "A in 1/2 (x - centre)' A (x - centre): a number, a diagonal or rows; only its symmetric part "
              "counts")
      .unit("energy/length^2");
}
void describe(Section& section, DoubleWellOptions& options) {
  describe_centre(section, options.centre);
  section.option("height", options.height, "h in h (|x|^2 / w^2 - 1)^2: the barrier between the wells")
      .unit("energy");
  section.option("width", options.width, "w: distance of the wells from the centre").unit("length").above(0);
}
void describe(Section& section, GaussianOptions& options) {
  describe_centre(section, options.centre);
  section
      .option("amplitude", options.amplitude,
              "a in a exp(-|x|^2 / (2 w^2)): negative attracts, positive repels")
      .unit("energy");
  section.option("width", options.width, "w").unit("length").above(0);
}
void describe(Section& section, MorseOptions& options) {
  describe_centre(section, options.centre);
  section.option("repulsion", options.repulsion, "C_r in C_r exp(-r / l_r) - C_a exp(-r / l_a)")
      .unit("energy")
      .at_least(0);
  section.option("repulsion_length", options.repulsion_length, "l_r").unit("length").above(0);
  section.option("attraction", options.attraction, "C_a").unit("energy").at_least(0);
  section.option("attraction_length", options.attraction_length, "l_a").unit("length").above(0);
}
void describe(Section& section, PowerLawOptions& options) {
  describe_centre(section, options.centre);
  section.option("strength", options.strength, "k in k (r^a / a - r^b / b); exponent 0 means log r");
  section.option("attraction", options.attraction, "a");
  section.option("repulsion", options.repulsion, "b, below a for repulsion at short range");
}
void describe(Section& section, ExpressionOptions& options) {
  section.required(
      "formula", options.formula,
      "formula of a potential's x (and t) or an interaction's x - y: + - * / ^ ( ), decimal numbers; " +
          words_of_formulas());
}

void describe(Section& section, PotentialOptions& options) {
  if (section.reading()) options.where = section.path();
  section.one_of(options.term, "term of the potential V(x)");
}
void describe(Section& section, InteractionOptions& options) {
  if (section.reading()) options.where = section.path();
  section.one_of(options.term, "term of the interaction W(x - y)");
}
void describe(Section& section, EntropyOptions& options) {
  section.option("coefficient", options.coefficient, "beta in beta int rho log rho")
      .unit("energy")
      .at_least(0);
  section
      .option("by", options.by,
              "noise of the Langevin scheme, or the noise-free flow of the blob-regularised entropy; a "
              "learned entropy acts alike")
      .one_of({"noise", "blob"});
  section
      .option("bandwidth", options.bandwidth,
              "width of the blob's Gaussian kernel; absent: Silverman's rule at the start")
      .unit("length")
      .above(0);
  if (section.reading() && options.by == "noise" && options.bandwidth)
    section.error("bandwidth", "is of the blob flow, and noise has none; leave it out, or choose `by: blob`");
}
void describe(Section& section, PowerOptions& options) {
  section.option("exponent", options.exponent, "m in c / (m - 1) int rho^m").above(1);
  section.option("coefficient", options.coefficient, "c").unit("energy").above(0);
  section
      .option("bandwidth", options.bandwidth,
              "width of the blob's Gaussian kernel; absent: Silverman's rule at the start")
      .unit("length")
      .above(0);
}
void describe(Section& section, LearnedOptions& options) {
  section.required("path", options.path, "energies.h5 that a learn_energies run wrote");
  section.option("potential", options.potential, "whether its potential counts");
  section.option("interaction", options.interaction, "whether its interaction counts");
  section.option("entropy", options.entropy, "whether its entropy counts");
}
void describe(Section& section, EnergyOptions& options) {
  if (section.reading()) options.where = section.path();
  section.list("potential", options.potential, "V: one term, or a list of terms that are added");
  section.list("interaction", options.interaction, "W: one term, or a list of terms that are added");
  section.section("entropy", options.entropy, "beta int rho log rho; a bare number is the coefficient",
                  "coefficient");
  section.section("power", options.power, "porous-medium energy c / (m - 1) int rho^m", "exponent");
  section.section(
      "learned", options.learned,
      "energies.h5 that a learn_energies run wrote, added to the rest; parts of it can be left out", "path");
}

}  // namespace weir
