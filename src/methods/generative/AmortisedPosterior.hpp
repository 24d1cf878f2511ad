// A Gaussian q(z | x) whose mean and deviations are a network of x, tile by tile.
//
//     (m, s) = net(x),   z = m + exp(s) xi,   H(q) = sum_c s_c + (d/2) log(2 pi e)
//
// Its parameters descend E_q E(x, z) - H(q), by the derivative of z: with G = grad_z E, the adjoints of m and
// s are G and G exp(s) xi - 1. xi is drawn by counters, of the particle and the step. T is the precision of
// the run. Source: Kingma, Welling, ICLR 2014.
#pragma once

#include <vector>

#include "weir/flows/RuleOptions.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/parallel/Partition.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

struct AmortisedOptions {
  NetworkOptions network;
  ParameterRuleChoice rule;
  AmortisedOptions();
};
void describe(Section& section, AmortisedOptions& options);

/// Parameters at the start: those of initialise_network, the last layer a tenth of that.
void initialise_posterior(const MlpShape& shape, Index seed, const VectorRef<Real>& theta);

/// Nothing here is collective, and no method allocates.
template <class T>
class AmortisedPosterior {
 public:
  AmortisedPosterior(const AmortisedOptions& options, Index data, Index latent, Index most_columns,
                     Index seed, int stage);

  static MlpShape shape_of(const AmortisedOptions& options, Index data, Index latent) {
    return options.network.shape(data, 2 * latent);
  }
  const MlpShape& shape() const { return network_.shape(); }

  /// z (latent x columns) of the x of a tile, for global particles first_id, first_id + 1, .. at `tick`.
  /// Returns nothing; what gradient() and entropies() need is kept.
  void draw(const VectorRef<const T>& theta, const MatrixRef<const T>& x, Index first_id, Index tick,
            const MatrixRef<T>& z);
  /// After draw: theta_bar = weight times the sum over columns of the gradient, given grad_z E.
  void gradient(const VectorRef<const T>& theta, const MatrixRef<const T>& slope, T weight,
                const VectorRef<T>& theta_bar);
  /// After draw: H(q) of each column.
  void entropies(const VectorRef<T>& values) const;

  // Kernels, which nvcc takes in public functions only.
  void place(Index columns, Index first_id, Index tick, const MatrixRef<T>& z);
  void find_adjoints(const MatrixRef<const T>& slope, T weight);

 private:
  Mlp<T> network_;
  MlpTape<T> tape_;
  Index latent_, columns_ = 0;
  Random random_;
  Matrix<T> output_, moved_;  // (m, s), and exp(s) xi, of the columns drawn last
};

extern template class AmortisedPosterior<float>;
extern template class AmortisedPosterior<double>;

}  // namespace weir
