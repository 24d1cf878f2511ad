// What a deck may say under `energy`: potentials, interactions and internal energies, each a sum.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weir/energies/Functionals.hpp"
#include "weir/energies/Radial.hpp"
#include "weir/input/Section.hpp"

namespace weir {

/// One of the named functionals of the JKOnet* benchmark.
struct FunctionalOptions {
  static std::vector<std::string> keys() { return functionals::names(); }
  std::string name;
};
/// 1/2 (x - c)' A (x - c)
struct QuadraticOptions {
  static constexpr const char* key = "quadratic";
  static constexpr const char* shorthand = "stiffness";
  VectorValue centre;
  MatrixValue stiffness;
};
struct DoubleWellOptions : DoubleWellProfile {
  static constexpr const char* key = "double_well";
  VectorValue centre;
};
struct GaussianOptions : GaussianProfile {
  static constexpr const char* key = "gaussian";
  VectorValue centre;
};
struct MorseOptions : MorseProfile {
  static constexpr const char* key = "morse";
  VectorValue centre;
};
struct PowerLawOptions : PowerLawProfile {
  static constexpr const char* key = "power_law";
  VectorValue centre;
};
struct ExpressionOptions {
  static constexpr const char* key = "expression";
  static constexpr const char* shorthand = "formula";
  std::string formula;
};

using EnergyTerm = std::variant<FunctionalOptions, QuadraticOptions, DoubleWellOptions, GaussianOptions,
                                MorseOptions, PowerLawOptions, ExpressionOptions>;

/// A term of V: a function of x.
struct PotentialOptions {
  EnergyTerm term;
  std::string where;  ///< key path, for errors found once the dimension is known
};
/// A term of W: a function of x - y, so it has no centre.
struct InteractionOptions {
  EnergyTerm term;
  std::string where;
};

/// beta int rho log rho: as noise of a Langevin scheme, or noise-free by the blob flow.
struct EntropyOptions {
  Real coefficient = 0;
  std::string by = "noise";
  std::optional<Real> bandwidth;  ///< of the blob's Gaussian kernel; absent: Silverman's rule at the start
};
/// c / (m - 1) int rho^m, the porous medium's energy, by the blob flow.
struct PowerOptions {
  Real coefficient = 1;
  Real exponent = 2;
  std::optional<Real> bandwidth;
};

/// An energy that was learned, or parts of it.
struct LearnedOptions {
  PathValue path;  ///< energies.h5 of a learn_energies run
  bool potential = true, interaction = true, entropy = true;
};

struct EnergyOptions {
  std::vector<PotentialOptions> potential;
  std::vector<InteractionOptions> interaction;
  EntropyOptions entropy;
  std::optional<PowerOptions> power;
  std::optional<LearnedOptions> learned;
  std::string where;
};

void describe(Section& section, FunctionalOptions& options);
void describe(Section& section, QuadraticOptions& options);
void describe(Section& section, DoubleWellOptions& options);
void describe(Section& section, GaussianOptions& options);
void describe(Section& section, MorseOptions& options);
void describe(Section& section, PowerLawOptions& options);
void describe(Section& section, ExpressionOptions& options);
void describe(Section& section, PotentialOptions& options);
void describe(Section& section, InteractionOptions& options);
void describe(Section& section, EntropyOptions& options);
void describe(Section& section, PowerOptions& options);
void describe(Section& section, LearnedOptions& options);
void describe(Section& section, EnergyOptions& options);

}  // namespace weir
