// The cost of a plan and its certificate, from scratch.
#pragma once

#include <algorithm>

#include "transport/CostRows.hpp"
#include "weir/transport/Certificate.hpp"
#include "weir/transport/Plan.hpp"

namespace weir::detail {

template <class Cost>
Real cost_of_plan(Points x, Points y, const Plan& plan) {
  const CostRows<Cost> to_y(y);
  Real cost = 0;
  for (const auto& entry : plan) cost += entry.mass * to_y.cost(x[entry.x], entry.y);
  return cost;
}

/// O(n m d). Where the marginals of the plan are uniform, cost - mean u - mean v = sum pi_ij (c_ij - u_i -
/// v_j), a sum of small numbers.
template <class Cost>
Certificate certify(Points x, Points y, const Plan& plan, const std::vector<Real>& u,
                    const std::vector<Real>& v) {
  const CostRows<Cost> to_y(y);
  auto weights = to_y.weights(0);
  std::copy(v.begin(), v.end(), weights.begin());
  Certificate certificate;
  for (Index i = 0; i < x.count; ++i)
    certificate.violation = std::max(certificate.violation, u[i] - to_y.smallest_key(x[i], weights.data()));
  for (const auto& entry : plan)
    certificate.gap += entry.mass * (to_y.cost(x[entry.x], entry.y) - u[entry.x] - v[entry.y]);
  return certificate;
}

}  // namespace weir::detail
