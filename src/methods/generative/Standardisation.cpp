#include "methods/generative/Standardisation.hpp"

#include <algorithm>
#include <cmath>

#include "weir/ensemble/PrincipalComponents.hpp"

namespace weir {

Standardisation::Standardisation(const std::string& kind, const Ensemble& rows, Real noise) : kind_(kind) {
  if (kind == "false") return;
  const Index d = rows.components();
  if (kind == "whiten") {
    const auto principal = principal_components(rows, d);
    mean_ = principal.mean;
    vectors_ = principal.vectors;
    const Real least = 1e-6 * (principal.variances.front() + noise * noise);
    for (const Real variance : principal.variances)
      deviations_.push_back(std::sqrt(std::max(variance + noise * noise, least > 0 ? least : Real(1))));
    return;
  }
  const auto moments = mean_and_covariance(rows);
  mean_ = moments.mean;
  for (Index c = 0; c < d; ++c) {
    const Real variance = moments.covariance[std::size_t(c * d + c)] + noise * noise;
    deviations_.push_back(variance > 0 ? std::sqrt(variance) : 1);
    if (!(variance > 0)) constant_.push_back(c);
  }
}

void Standardisation::apply(const Matrix<Real>& x) const {
  if (kind_ == "false") return;
  const Index d = Index(mean_.size());
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  std::vector<Real> centred(mean_.size());
  for (Index i = 0; i < Index(x.extent(1)); ++i) {
    for (Index c = 0; c < d; ++c) centred[std::size_t(c)] = host(c, i) - mean_[std::size_t(c)];
    for (Index k = 0; k < d; ++k) {
      Real value = vectors_.empty() ? centred[std::size_t(k)] : 0;
      for (Index c = 0; c < d && !vectors_.empty(); ++c)
        value += vectors_[std::size_t(k * d + c)] * centred[std::size_t(c)];
      host(k, i) = value / deviations_[std::size_t(k)];
    }
  }
  Kokkos::deep_copy(x, host);
}

void Standardisation::undo(const Matrix<Real>& x) const {
  if (kind_ == "false") return;
  const Index d = Index(mean_.size());
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  std::vector<Real> scaled(mean_.size());
  for (Index i = 0; i < Index(x.extent(1)); ++i) {
    for (Index k = 0; k < d; ++k) scaled[std::size_t(k)] = host(k, i) * deviations_[std::size_t(k)];
    for (Index c = 0; c < d; ++c) {
      Real value = mean_[std::size_t(c)] + (vectors_.empty() ? scaled[std::size_t(c)] : 0);
      for (Index k = 0; k < d && !vectors_.empty(); ++k)
        value += vectors_[std::size_t(k * d + c)] * scaled[std::size_t(k)];
      host(c, i) = value;
    }
  }
  Kokkos::deep_copy(x, host);
}

std::vector<Real> Standardisation::scaled(Real noise, Index components) const {
  std::vector<Real> deviations(std::size_t(components), noise);
  for (std::size_t k = 0; k < deviations_.size(); ++k) deviations[k] = noise / deviations_[k];
  return deviations;
}

std::vector<Real> Standardisation::directions(Index components) const {
  const Index d = components;
  std::vector<Real> columns(std::size_t(d * d), 0);
  for (Index k = 0; k < d; ++k) {
    const Real deviation = deviations_.empty() ? 1 : deviations_[std::size_t(k)];
    if (vectors_.empty()) columns[std::size_t(k * d + k)] = deviation;
    for (Index c = 0; c < d && !vectors_.empty(); ++c)
      columns[std::size_t(k * d + c)] = deviation * vectors_[std::size_t(k * d + c)];
  }
  return columns;
}

Real Standardisation::log_volume() const {
  Real sum = 0;
  for (const Real deviation : deviations_) sum -= std::log(deviation);
  return sum;
}

void Standardisation::save(Hdf5File& file, const std::string& group) const {
  file.write_strings(group + "/kind", {kind_});
  if (kind_ == "false") return;
  const Index d = Index(mean_.size());
  file.write(group + "/mean", mean_, {d});
  file.write(group + "/deviations", deviations_, {d});
  if (!vectors_.empty()) file.write(group + "/vectors", vectors_, {d, d});
}

Standardisation Standardisation::read(const Hdf5File& file, const std::string& group) {
  Standardisation found;
  found.kind_ = file.read_strings(group + "/kind").at(0);
  if (found.kind_ == "false") return found;
  found.mean_ = file.read(group + "/mean");
  found.deviations_ = file.read(group + "/deviations");
  if (file.has(group + "/vectors")) found.vectors_ = file.read(group + "/vectors");
  return found;
}

}  // namespace weir
