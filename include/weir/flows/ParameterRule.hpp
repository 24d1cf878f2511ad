// How a block of parameters descends, given its velocity v = -g (g: the gradient), at rate r_n in step n.
//
//     euler      theta' = theta - r g
//     momentum   m' = b1 m + g,                                    theta' = theta - r m'
//     rmsprop    s' = b2 s + (1 - b2) g^2,                         theta' = theta - r g / (sqrt s' + eps)
//     adam       m' = b1 m + (1 - b1) g,  s' as for rmsprop,
//                theta' = theta - r (m' / (1 - b1^n)) / (sqrt(s' / (1 - b2^n)) + eps),  n = 1, 2, ..
//
// Before that g is shortened to the norm `clip`; decay is decoupled: theta' loses r decay theta besides.
// r_n = rate * min(1, n / warm_up) * (1 or the half cosine from 1 to 0 over the stage's steps).
// The average moves by theta_av += (1 - a_n) (theta' - theta_av), a_n = min(average, n / (n + 9)).
// Sources: Kingma and Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019 (decoupled decay); Pascanu, Mikolov,
// Bengio, ICML 2013 (clipping by the global norm).
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weir/flows/Rule.hpp"
#include "weir/input/Section.hpp"
#include "weir/parallel/Partition.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

struct ParameterRuleOptions {
  static std::vector<std::string> keys() { return {"euler", "momentum", "rmsprop", "adam"}; }
  static constexpr const char* doc = "how parameters descend";
  static constexpr const char* shorthand = "rate";
  std::string name = "adam";
  Real rate = 1e-3;
  Real first_moment = 0.9, second_moment = 0.999, epsilon = 1e-8;
  Real decay = 0;
  std::optional<Real> clip;
  std::string schedule = "constant";
  Index warm_up = 0;
  std::optional<Real> average;
};
void describe(Section& section, ParameterRuleOptions& options);

/// As a deck gives it: `rule: {adam: {rate: 1.0e-3}}`.
struct ParameterRuleChoice {
  std::variant<ParameterRuleOptions> rule;
};
void describe(Section& section, ParameterRuleChoice& options);

class ParameterRule : public Rule {
 public:
  enum class Scheme { euler, momentum, rmsprop, adam };

  /// `steps`: of the whole stage, for the schedule.
  ParameterRule(const ParameterRuleOptions& options, const Communicator& comm, const Partition& partition,
                Index components, Index steps);

  Index memory() const override;
  /// Collective where the gradient is clipped. h and temperature have no meaning here.
  void advance(Index step, Real h, Real temperature, const MatrixRef<const Real>& v, const MatrixRef<Real>& x,
               const MatrixRef<Real>& memory) override;
  Index average() const override;

  /// r_n for step n - 1 = `step`.
  Real rate(Index step) const;

  // Kernels, which nvcc takes in public functions only.
  Real clipping(const MatrixRef<const Real>& v);

 private:
  static Scheme scheme_named(const std::string& name);

  ParameterRuleOptions options_;
  Scheme scheme_;
  LocalTiles tiles_;
  Index components_, steps_;
  TileSum square_;
};

}  // namespace weir
