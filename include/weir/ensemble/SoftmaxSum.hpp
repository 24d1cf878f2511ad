// Means of sources under a softmax, for every target, wherever sources live; and sources drawn from it.
//
//     l_ij = h_j - rate |x_i - y_j|^2,    w_ij = exp(l_ij) / sum_k exp(l_ik)
//     displacement_i = sum_j w_ij (y_j - x_i),    log_sum_i = log sum_j exp(l_ij)
//
// Sources stream past the targets as in PairSum; a target keeps a reference near its largest l so far, and
// sums of exp(l - reference), which are scaled anew where a larger l comes. So no exponential over- or
// underflows as `rate` grows, and memory is O(local particles). Differences are direct: |x|^2 + |y|^2 - 2 x.y
// would lose them. A chunk of sources is added up in precision T, chunks in double, in global order: the
// result depends neither on ranks nor on blocks.
//
// A source is drawn while they stream (a reservoir): chunk c with sum P_c takes the place of the choice so
// far with probability P_c / (P_1 + .. + P_c), and a source of the chunk is chosen by its weight.
#pragma once

#include <optional>
#include <string>

#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

/// What is drawn: a number per target and draw, by its global id.
struct SoftmaxDraw {
  Random random;
  Index tick = 0;
};

template <class T>
class SoftmaxSum {
 public:
  SoftmaxSum(const Communicator& comm, const Partition& targets, const Partition& sources, Index components);

  struct Result {
    MatrixRef<Real> displacement;  ///< components x local targets; empty: not wanted
    VectorRef<Real> log_sum;       ///< empty: not wanted
    VectorRef<Index> drawn;        ///< global number of the source that is drawn; empty: none is drawn
    MatrixRef<Real> drawn_at;      ///< where that source is, components x local targets
  };
  /// Collective. x: components x local targets, y: components x local sources, h: 1 x local sources. Throws
  /// RunError on all ranks, naming `what`, where a target finds no finite sum.
  void operator()(const std::string& what, Real rate, const MatrixRef<const Real>& x,
                  const MatrixRef<const Real>& y, const MatrixRef<const Real>& h, const Result& result,
                  const std::optional<SoftmaxDraw>& draw = {});

  // Kernels, which nvcc takes in public functions only.
  template <class Dimension>
  void add(Dimension d, Real rate, const MatrixRef<const Real>& x, const VectorRef<const T>& block,
           Index sources, Index first_source);
  void finish(const std::string& what, const MatrixRef<const Real>& x, const Result& result);

 private:
  LocalTiles targets_;
  Partition sources_;
  Index tile_, components_;
  Communicator comm_;
  SourceBlocks<T> blocks_;
  Matrix<Real> sums_;    // reference, sum, sum of w (y - x), a column per target
  Vector<Index> drawn_;  // and the choice so far
  Matrix<Real> drawn_at_;
  bool draws_ = false;
  SoftmaxDraw draw_{Random(0, Stream::partners)};
};

extern template class SoftmaxSum<float>;
extern template class SoftmaxSum<double>;

}  // namespace weir
