#include "methods/latent_diffusion/prior/ScorePrior.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

MlpShape score_shape(const DiffusionPriorOptions& options, Index latent) {
  NetworkOptions network;
  network.hidden = options.hidden;
  network.hidden.insert(network.hidden.begin(), options.hidden.front());
  network.activation = options.activation;
  network.residual = options.residual;
  TimeEmbeddingOptions embedding;
  embedding.frequencies = 6;  // angular frequencies .05 to 1.6 of lambda
  embedding.horizon = 20 * M_PI;
  return embedding.with_time(network.shape(latent, latent));
}

void initialise_score(const MlpShape& shape, Index seed, const VectorRef<Real>& theta) {
  initialise_network(shape, seed, 3, 0, theta);
  const Mlp<Real> network(shape);
  const auto& last = network.layers().back();
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), theta);
  for (Index i = last.weights; i < last.bias; ++i) host(i) = 0;
  Kokkos::deep_copy(theta, host);
}

template <class T>
ScorePrior<T>::ScorePrior(const DiffusionPriorOptions& options, Index latent, Index most_columns, Index seed,
                          int stage)
    : network_(score_shape(options, latent)),
      tape_(network_, most_columns, Purpose::gradient),
      schedule_(options.schedule),
      latent_(latent),
      mixed_(options.mixed),
      gaussian_weight_(options.weight == "gaussian_log_snr"),
      score_time_(options.score_time),
      random_(seed, Stream::diffusion_noise, stage),
      mean_("Weir::ScorePrior::mean", latent),
      deviation_("Weir::ScorePrior::deviation", latent),
      input_("Weir::ScorePrior::input", latent + 1, most_columns),
      output_("Weir::ScorePrior::output", latent, most_columns),
      noise_("Weir::ScorePrior::noise", latent, most_columns),
      adjoint_("Weir::ScorePrior::adjoint", latent, most_columns),
      input_bar_("Weir::ScorePrior::input_bar", latent + 1, most_columns),
      u_("Weir::ScorePrior::u", latent, most_columns),
      weights_("Weir::ScorePrior::weights", most_columns),
      losses_("Weir::ScorePrior::losses", most_columns) {
  Kokkos::deep_copy(deviation_, T(1));
}

template <class T>
void ScorePrior<T>::standardise_by(const std::vector<Real>& mean, const std::vector<Real>& deviation) {
  const auto m = Kokkos::create_mirror_view(mean_), d = Kokkos::create_mirror_view(deviation_);
  for (Index c = 0; c < latent_; ++c) {
    m(c) = T(mean[std::size_t(c)]);
    d(c) = T(deviation[std::size_t(c)]);
  }
  Kokkos::deep_copy(mean_, m);
  Kokkos::deep_copy(deviation_, d);
}

template <class T>
void ScorePrior<T>::draw(const VectorRef<const T>& theta, const MatrixRef<const T>& x, Index first_id,
                         Index tick, Index draw) {
  columns_ = Index(x.extent(1));
  mix(x, first_id, tick, draw);
  network_.value(theta, inputs(), tape_, first_columns(output_, columns_));
  compare();
}

/// u_t, lambda and eps of every column.
template <class T>
void ScorePrior<T>::mix(const MatrixRef<const T>& x, Index first_id, Index tick, Index draw) {
  const auto mean = mean_, deviation = deviation_, weights = weights_;
  const auto input = input_, noise = noise_, u = u_;
  const Random random = random_;
  const Index d = latent_, first_draw = draw / 2 * (d + 1);
  const Real sign = draw % 2 ? -1 : 1;
  const Real least = schedule_.least(), range = schedule_.largest() - least;
  const bool gaussian = gaussian_weight_;
  Kokkos::parallel_for(
      "Weir::ScorePrior::mix", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        const Real lambda = least + range * random.uniform(first_id + i, tick, first_draw);
        const Real a = signal_at(lambda), s = noise_at(lambda);
        for (Index c = 0; c < d; ++c) {
          Real first, second;
          random.normals(first_id + i, tick, first_draw + 1 + c, first, second);
          u(c, i) = (x(c, i) - mean(c)) / deviation(c);
          noise(c, i) = T(sign * first);
          input(c, i) = T(a) * u(c, i) + T(s * sign * first);
        }
        input(d, i) = T(lambda);
        weights(i) = gaussian ? T(exp(-lambda * lambda / 12.5)) : T(1);
      });
  Kokkos::fence();
}

/// adjoint = 2 (e - eps), l
template <class T>
void ScorePrior<T>::compare() {
  const auto input = input_, output = output_, noise = noise_, adjoint = adjoint_;
  const auto losses = losses_;
  const Index d = latent_;
  const bool mixed = mixed_;
  Kokkos::parallel_for(
      "Weir::ScorePrior::compare", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        const T s = mixed ? T(noise_at(Real(input(d, i)))) : T(0);
        T sum = 0;
        for (Index c = 0; c < d; ++c) {
          const T error = s * input(c, i) + output(c, i) - noise(c, i);
          adjoint(c, i) = 2 * error;
          sum += error * error;
        }
        losses(i) = sum;
      });
  Kokkos::fence();
}

template <class T>
void ScorePrior<T>::gradients(const VectorRef<const T>& theta, T scale, const VectorRef<T>& theta_bar,
                              bool add, const MatrixRef<T>& force, T share) {
  // Columns are weighted for phi; the weights are divided out of the force.
  weigh(scale);
  network_.vjp(theta, first_columns(output_, columns_), tape_, theta_bar,
               force.data() ? first_columns(input_bar_, columns_) : MatrixRef<T>(), add);
  if (!force.data()) return;
  const Real a = signal_at(schedule_.largest());
  add_force(force, share / scale);
  add_terminal_force(force, share * T(a * a));
}

/// output = scale w adjoint
template <class T>
void ScorePrior<T>::weigh(T scale) {
  const auto output = output_, adjoint = adjoint_;
  const auto weights = weights_;
  const Index d = latent_;
  Kokkos::parallel_for(
      "Weir::ScorePrior::weigh", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) output(c, i) = scale * weights(i) * adjoint(c, i);
      });
  Kokkos::fence();
}

/// -(Z / 2) dl/dx, dl/dx = a (J' adjoint + s adjoint) / d
template <class T>
void ScorePrior<T>::add_force(const MatrixRef<T>& force, T share) const {
  const auto input = input_, output = output_, input_bar = input_bar_;
  const auto weights = weights_, deviation = deviation_;
  const Index d = latent_;
  const bool mixed = mixed_;
  const T half_range = T(0.5 * (schedule_.largest() - schedule_.least()));
  Kokkos::parallel_for(
      "Weir::ScorePrior::force", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        const Real lambda = Real(input(d, i));
        const T a = T(signal_at(lambda)), s = mixed ? T(noise_at(lambda)) : T(0);
        const T factor = -share * half_range * a / weights(i);
        for (Index c = 0; c < d; ++c)
          force(c, i) += factor * (input_bar(c, i) + s * output(c, i)) / deviation(c);
      });
  Kokkos::fence();
}

template <class T>
void ScorePrior<T>::add_terminal_force(const MatrixRef<T>& force, T share) const {
  const auto u = u_;
  const auto deviation = deviation_;
  const Index d = latent_;
  Kokkos::parallel_for(
      "Weir::ScorePrior::terminal", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) force(c, i) -= share * u(c, i) / deviation(c);
      });
  Kokkos::fence();
}

template <class T>
void ScorePrior<T>::add_score(const VectorRef<const T>& theta, const MatrixRef<const T>& x,
                              const MatrixRef<T>& force) {
  const Real lambda = schedule_.lambda(score_time_);
  columns_ = Index(x.extent(1));
  place(x, T(lambda), T(signal_at(lambda)), true);
  network_.value(theta, inputs(), tape_, first_columns(output_, columns_));
  add_scaled_score(force, T(lambda));
}

/// input = (signal u, lambda), u standardised first or as it is.
template <class T>
void ScorePrior<T>::place(const MatrixRef<const T>& from, T lambda, T signal, bool standardised) {
  const auto input = input_;
  const auto mean = mean_, deviation = deviation_;
  const Index d = latent_;
  Kokkos::parallel_for(
      "Weir::ScorePrior::place", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c)
          input(c, i) = signal * (standardised ? (from(c, i) - mean(c)) / deviation(c) : from(c, i));
        input(d, i) = lambda;
      });
  Kokkos::fence();
}

/// force -= e / (s d)
template <class T>
void ScorePrior<T>::add_scaled_score(const MatrixRef<T>& force, T lambda) const {
  const auto input = input_, output = output_;
  const auto deviation = deviation_;
  const Index d = latent_;
  const T noise = T(noise_at(Real(lambda))), s = mixed_ ? noise : T(0);
  Kokkos::parallel_for(
      "Weir::ScorePrior::score", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c)
          force(c, i) -= (s * input(c, i) + output(c, i)) / (noise * deviation(c));
      });
  Kokkos::fence();
}

template <class T>
void ScorePrior<T>::predict(const VectorRef<const T>& theta, const MatrixRef<const T>& u, T lambda,
                            const MatrixRef<T>& noise) {
  columns_ = Index(u.extent(1));
  place(u, lambda, 1, false);
  network_.value(theta, inputs(), tape_, first_columns(output_, columns_));
  read_noise(noise);
}

template <class T>
void ScorePrior<T>::read_noise(const MatrixRef<T>& noise) const {
  const auto input = input_, output = output_;
  const Index d = latent_;
  const bool mixed = mixed_;
  Kokkos::parallel_for(
      "Weir::ScorePrior::read_noise", Range(0, columns_), KOKKOS_LAMBDA(Index i) {
        const T s = mixed ? T(noise_at(Real(input(d, i)))) : T(0);
        for (Index c = 0; c < d; ++c) noise(c, i) = s * input(c, i) + output(c, i);
      });
  Kokkos::fence();
}

template class ScorePrior<float>;
template class ScorePrior<double>;

}  // namespace weir
