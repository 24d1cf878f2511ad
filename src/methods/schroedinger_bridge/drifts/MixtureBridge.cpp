#include "methods/schroedinger_bridge/drifts/MixtureBridge.hpp"

#include <fmt/format.h>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

constexpr Real log_two_pi = 1.8378770664093454836;

/// shares(:, i) = exp(shares - largest) / sum; returns log sum exp.
KOKKOS_INLINE_FUNCTION Real normalise(const MatrixRef<Real>& shares, Index i) {
  const Index count = Index(shares.extent(0));
  Real largest = shares(0, i);
  for (Index k = 1; k < count; ++k) largest = shares(k, i) > largest ? shares(k, i) : largest;
  Real sum = 0;
  for (Index k = 0; k < count; ++k) sum += shares(k, i) = exp(shares(k, i) - largest);
  for (Index k = 0; k < count; ++k) shares(k, i) /= sum;
  return largest + log(sum);
}

}  // namespace

void MixturePotential::save(Hdf5File& file, const std::string& group) const {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), parameters);
  file.write(group + "/parameters", {host.data(), host.data() + host.size()}, {Index(host.size())});
  file.write(group + "/shape", {Real(components), Real(dimension), epsilon}, {3});
}

MixturePotential MixturePotential::read(const Hdf5File& file, const std::string& group) {
  const auto shape = file.read(group + "/shape"), values = file.read(group + "/parameters");
  MixturePotential potential(Index(shape.at(0)), Index(shape.at(1)), shape.at(2));
  if (Index(values.size()) != Index(potential.parameters.size()))
    throw LibraryError(fmt::format("{} holds {} numbers, {} are expected", group, values.size(),
                                   potential.parameters.size()));
  const auto host = Kokkos::create_mirror_view(potential.parameters);
  for (std::size_t j = 0; j < values.size(); ++j) host(j) = values[j];
  Kokkos::deep_copy(potential.parameters, host);
  potential.find_shapes();
  return potential;
}

void MixturePotential::find_shapes() const {
  const MixturePotential p = *this;
  Kokkos::parallel_for(
      "Weir::MixturePotential::find_shapes", Range(0, Index(shapes.extent(0))),
      KOKKOS_LAMBDA(Index j) { p.shapes(j) = exp(p.parameters(p.components * (1 + p.dimension) + j)); });
}

void log_c(const MixturePotential& potential, const MatrixRef<const Real>& x, const VectorRef<Real>& value,
           const MatrixRef<Real>& shares) {
  const MixturePotential p = potential;
  Kokkos::parallel_for(
      "Weir::MixturePotential::log_c", Range(0, Index(x.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index k = 0; k < p.components; ++k) {
          Real sum = 0;
          for (Index c = 0; c < p.dimension; ++c)
            sum += x(c, i) * (x(c, i) * p.shape(k, c) + 2 * p.centre(k, c));
          shares(k, i) = p.log_weight(k) + sum / (2 * p.epsilon);
        }
        value(i) = normalise(shares, i);
      });
}

void log_v(const MixturePotential& potential, const MatrixRef<const Real>& y, const VectorRef<Real>& value,
           const MatrixRef<Real>& shares) {
  const MixturePotential p = potential;
  Kokkos::parallel_for(
      "Weir::MixturePotential::log_v", Range(0, Index(y.extent(1))), KOKKOS_LAMBDA(Index i) {
        const Real constant = log(p.epsilon) + log_two_pi;
        for (Index k = 0; k < p.components; ++k) {
          Real sum = 0;
          for (Index c = 0; c < p.dimension; ++c) {
            const Real r = y(c, i) - p.centre(k, c);
            sum += r * r / (p.epsilon * p.shape(k, c)) + p.log_shape(k, c) + constant;
          }
          shares(k, i) = p.log_weight(k) - 0.5 * sum;
        }
        value(i) = normalise(shares, i);
      });
}

/// Components are gone through once, with the largest weight so far: no memory for their weights is needed.
void mixture_displacement(const MixturePotential& potential, Real t, const MatrixRef<const Real>& x,
                          const MatrixRef<Real>& to_end) {
  const MixturePotential p = potential;
  const Real odds = t / (1 - t), rate = 1 / (1 - t);
  Kokkos::parallel_for(
      "Weir::MixturePotential::displacement", Range(0, Index(x.extent(1))), KOKKOS_LAMBDA(Index i) {
        Real largest = -1e300, total = 0;
        for (Index c = 0; c < p.dimension; ++c) to_end(c, i) = 0;
        for (Index k = 0; k < p.components; ++k) {
          Real w = p.log_weight(k);
          for (Index c = 0; c < p.dimension; ++c) {
            // q m / 2 - r^2 / (2 eps S) without the large terms that cancel: with s = S odds + 1,
            // m = (S rate x + r) / s and q m - r^2 / (eps S) = (S rate^2 x^2 + 2 rate x r - odds r^2) / (eps
            // s).
            const Real shape = p.shape(k, c), r = p.centre(k, c), z = x(c, i);
            const Real s = shape * odds + 1;
            w -= 0.5 * log(s / p.epsilon);
            w += (shape * rate * rate * z * z + 2 * rate * z * r - odds * r * r) / (2 * p.epsilon * s);
          }
          const bool larger = w > largest;
          const Real keep = larger ? exp(largest - w) : 1, share = larger ? 1 : exp(w - largest);
          largest = larger ? w : largest;
          total = total * keep + share;
          for (Index c = 0; c < p.dimension; ++c) {
            const Real shape = p.shape(k, c), r = p.centre(k, c), z = x(c, i);
            // m - z = (S z (rate - odds) + r - z) / s, rate - odds = 1
            const Real m = (shape * z + r - z) / (shape * odds + 1);
            to_end(c, i) = to_end(c, i) * keep + share * m;
          }
        }
        for (Index c = 0; c < p.dimension; ++c) to_end(c, i) /= total;
      });
}

void draw_mixture(const MixturePotential& potential, const Random& random, Index first_id,
                  const MatrixRef<const Real>& x, const MatrixRef<Real>& y) {
  const MixturePotential p = potential;
  const Matrix<Real> shares("Weir::MixturePotential::shares", p.components, x.extent(1));
  const Vector<Real> value("Weir::MixturePotential::value", x.extent(1));
  log_c(p, x, value, shares);
  Kokkos::parallel_for(
      "Weir::MixturePotential::draw", Range(0, Index(x.extent(1))), KOKKOS_LAMBDA(Index i) {
        Real left = random.uniform(first_id + i, 0, 0);
        Index k = 0;
        while (k + 1 < p.components && (left -= shares(k, i)) >= 0) ++k;
        for (Index c = 0; c < p.dimension; ++c) {
          const Real shape = p.shape(k, c);
          y(c, i) =
              p.centre(k, c) + shape * x(c, i) + sqrt(p.epsilon * shape) * random.normal(first_id + i, 1, c);
        }
      });
  Kokkos::fence();
}

}  // namespace weir
