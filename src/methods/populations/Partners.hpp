// Partners drawn from a coupling, one a particle: what paths through populations are made of.
//
//     row i of population k  ->  row j of population k + 1 with probability pi_ij / sum_j' pi_ij'
//
// and likewise backwards. An exact plan has at most n + m - 1 entries, which lie with the owners of their
// rows; of an entropic coupling the potentials are kept, and sources stream past (SoftmaxSum): O(n + m)
// memory either way. Draws are counted by the walkers' numbers, so that nothing depends on ranks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "weir/base/Hdf5File.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/SoftmaxSum.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/transport/Sinkhorn.hpp"

namespace weir {

enum class Towards { next, previous };

/// Particles on their way from population to population: each stands for a row of the one where it is.
struct Walkers {
  Ensemble at;
  std::vector<Index> rows;  ///< one a local walker
};

/// All methods are collective.
class PartnerLaw {
 public:
  virtual ~PartnerLaw() = default;
  /// Every walker goes to a partner of its row. `tick` numbers the draws of a walker.
  virtual void draw(Towards towards, Walkers& walkers, const Random& random, Index tick) = 0;
  /// Mass of the coupling at the walkers' rows over what balance would give them: 1 without growth.
  /// `towards`: where the coupling leads to from the walkers' population.
  virtual std::vector<Real> growth(Towards towards, const Walkers& walkers) = 0;
  virtual void save(Hdf5File& file, const std::string& group) const = 0;
  virtual void restore(const Hdf5File& file, const std::string& group) = 0;
};

class ExactPartners : public PartnerLaw {
 public:
  ExactPartners(const Ensemble& x, const Ensemble& y);
  /// Not collective. entry: the partner's number, the mass, the partner's components.
  void add(Towards towards, Index row, const Real* entry);

  void draw(Towards towards, Walkers& walkers, const Random& random, Index tick) override;
  std::vector<Real> growth(Towards towards, const Walkers& walkers) override;
  void save(Hdf5File& file, const std::string& group) const override;
  void restore(const Hdf5File& file, const std::string& group) override;

 private:
  struct Side {
    Partition partition;                     // of the population that partners are asked for
    std::vector<std::vector<Real>> entries;  // of local rows, one after the other
  };
  Side& side(Towards towards) { return sides_[towards == Towards::next ? 0 : 1]; }

  Communicator comm_;
  Index width_;  // numbers of an entry
  Side sides_[2];
};

class EntropicPartners : public PartnerLaw {
 public:
  /// x, y outlive the object. `epsilon`: in the unit of the squared distance.
  EntropicPartners(const Ensemble& x, const Ensemble& y, Real epsilon, bool single);
  /// Not collective: the solution, its masses made to sum to one.
  void keep(const SinkhornResult& result);
  /// Not collective: potential / epsilon of the local particles of y (next) or x, 1 x particles.
  Matrix<Real> heights(Towards towards) const;

  void draw(Towards towards, Walkers& walkers, const Random& random, Index tick) override;
  std::vector<Real> growth(Towards towards, const Walkers& walkers) override;
  void save(Hdf5File& file, const std::string& group) const override;
  void restore(const Hdf5File& file, const std::string& group) override;

 private:
  struct Side {
    const Ensemble& ensemble;
    Matrix<Real> known;  // potential / epsilon, mass; a column per particle
  };
  template <class T>
  void draw_in(const Side& from, Walkers& walkers, const SoftmaxDraw& draw);

  Real epsilon_;
  bool single_;
  Side x_, y_;
};

/// Collective: rows of a table that is dealt as `partition` (columns of `values` are the local rows),
/// wherever they are: one column for each of `rows`.
HostMatrix<Real> look_up(const Communicator& comm, const Partition& partition,
                         const MatrixRef<const Real>& values, const std::vector<Index>& rows);

}  // namespace weir
