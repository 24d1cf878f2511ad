#include "methods/generative/AmortisedPosterior.hpp"

#include <cmath>

#include "weir/base/Error.hpp"

namespace weir {

AmortisedOptions::AmortisedOptions() {
  network.activation = "silu";
  ParameterRuleOptions adam;
  adam.rate = 2e-3;
  rule.rule = adam;
}

void describe(Section& section, AmortisedOptions& options) {
  section.section("network", options.network, "of x, for the mean and the log deviations of z");
  section.section("rule", options.rule, "how it descends");
}

void initialise_posterior(const MlpShape& shape, Index seed, const VectorRef<Real>& theta) {
  initialise_network(shape, seed, 2, 0, theta);
  const Mlp<Real> network(shape);
  const auto& last = network.layers().back();
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), theta);
  for (Index i = last.weights; i < last.bias; ++i) host(i) *= 0.1;
  Kokkos::deep_copy(theta, host);
}

template <class T>
AmortisedPosterior<T>::AmortisedPosterior(const AmortisedOptions& options, Index data, Index latent,
                                          Index most_columns, Index seed, int stage)
    : network_(shape_of(options, data, latent)),
      tape_(network_, most_columns, Purpose::gradient),
      latent_(latent),
      random_(seed, Stream::posterior_noise, stage),
      output_("Weir::AmortisedPosterior::output", 2 * latent, most_columns),
      moved_("Weir::AmortisedPosterior::moved", latent, most_columns) {}

template <class T>
void AmortisedPosterior<T>::draw(const VectorRef<const T>& theta, const MatrixRef<const T>& x, Index first_id,
                                 Index tick, const MatrixRef<T>& z) {
  columns_ = Index(x.extent(1));
  network_.value(theta, x, tape_, first_columns(output_, columns_));
  place(columns_, first_id, tick, z);
}

template <class T>
void AmortisedPosterior<T>::place(Index columns, Index first_id, Index tick, const MatrixRef<T>& z) {
  const auto output = output_, moved = moved_;
  const Index d = latent_;
  const Random random = random_;
  Kokkos::parallel_for(
      "Weir::AmortisedPosterior::place", Range(0, columns), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) {
          moved(c, i) = exp(output(d + c, i)) * T(random.normal(first_id + i, tick, c));
          z(c, i) = output(c, i) + moved(c, i);
        }
      });
  Kokkos::fence();
}

template <class T>
void AmortisedPosterior<T>::gradient(const VectorRef<const T>& theta, const MatrixRef<const T>& slope,
                                     T weight, const VectorRef<T>& theta_bar) {
  WEIR_CHECK(Index(slope.extent(1)) == columns_, "{} columns of {}", slope.extent(1), columns_);
  find_adjoints(slope, weight);
  network_.vjp(theta, first_columns(output_, columns_), tape_, theta_bar, {});
}

/// The outputs, which are no longer needed, become their adjoints.
template <class T>
void AmortisedPosterior<T>::find_adjoints(const MatrixRef<const T>& slope, T weight) {
  const auto output = output_, moved = moved_;
  const Index d = latent_;
  Kokkos::parallel_for(
      "Weir::AmortisedPosterior::adjoints", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) {
          output(c, i) = weight * slope(c, i);
          output(d + c, i) = weight * (slope(c, i) * moved(c, i) - 1);
        }
      });
  Kokkos::fence();
}

template <class T>
void AmortisedPosterior<T>::entropies(const VectorRef<T>& values) const {
  const auto output = output_;
  const Index d = latent_;
  const T constant = T(0.5 * Real(d) * std::log(2 * M_PI * std::exp(1.)));
  Kokkos::parallel_for(
      "Weir::AmortisedPosterior::entropies", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        T sum = constant;
        for (Index c = 0; c < d; ++c) sum += output(d + c, i);
        values(i) = sum;
      });
  Kokkos::fence();
}

template class AmortisedPosterior<float>;
template class AmortisedPosterior<double>;

}  // namespace weir
