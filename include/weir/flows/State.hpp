// All blocks of a flow in one PETSc Vec, with Kokkos views into it.
//
//     Vec = [ block 0 | block 1 | .. ]  on every rank; a block is components x local particles, column-major
//
// The Vec's norms, dots and axpys are Weir's own: sums are exact and updates are plain loops, so that Krylov
// and Newton methods give the same bits on any number of ranks. Its array is memory of the kind in which all
// Views live. VecDuplicate hands all this on.
#pragma once

#include <petscvec.h>

#include <memory>
#include <string>
#include <vector>

#include "weir/base/Types.hpp"
#include "weir/flows/RuleOptions.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// One distribution or one group of parameters of a flow, and the rule by which it moves.
struct Block {
  enum class Kind { particles, parameters };

  std::string name;
  Partition partition;  ///< rows, and particles that each of them carries
  Index components;
  RuleOptions rule = LangevinOptions();
  Index substeps = 1;
  std::vector<Index> parts = {};  ///< components of each part (x and z of a joint block); empty: one part
  Kind kind = Kind::particles;
};

/// Parameters that ranks own together: the tiles of their blocks.
constexpr Index parameter_chunk = 256;

/// `count` parameters, cut into chunks that ranks own whole.
Block parameter_block(const Communicator& comm, const std::string& name, Index count,
                      const RuleOptions& rule = ParameterRuleOptions());

/// Some of the blocks of a flow, by number.
class BlockSet {
 public:
  static BlockSet all(Index blocks) { return BlockSet((std::uint64_t(1) << blocks) - 1); }
  static BlockSet only(Index block) { return BlockSet(std::uint64_t(1) << block); }
  BlockSet() = default;
  bool has(Index block) const { return bits_ >> block & 1; }
  bool empty() const { return bits_ == 0; }
  void add(Index block) { bits_ |= std::uint64_t(1) << block; }

 private:
  explicit BlockSet(std::uint64_t bits) : bits_(bits) {}
  std::uint64_t bits_ = 0;
};

/// Most blocks of a flow: sets of them are machine words, and noise is keyed by stage and block.
constexpr Index most_blocks = 63;

/// Where each block lies in the Vec. Throws InputError where PETSc's integers cannot number the entries.
class Layout {
 public:
  Layout(const Communicator& comm, std::vector<Block> blocks);

  const Communicator& comm() const { return comm_; }
  Index blocks() const { return Index(blocks_.size()); }
  const Block& operator[](Index b) const { return blocks_[b]; }
  Index local_offset(Index b) const { return offsets_[b]; }
  Index local_size() const { return offsets_.back(); }

 private:
  Communicator comm_;
  std::vector<Block> blocks_;
  std::vector<Index> offsets_;
};

/// Owns the Vec of a flow's state.
class State {
 public:
  explicit State(std::shared_ptr<const Layout> layout);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Vec vec() const { return vec_; }
  const Layout& layout() const { return *layout_; }

 private:
  std::shared_ptr<const Layout> layout_;
  Vec vec_ = nullptr;
};

/// Numbers that tell whether a block has changed: equal versions, equal values. Never used twice.
Index next_version();

/// Views of a Vec's blocks for as long as this object lives, for a Vec that was duplicated from a State's.
/// Destruction waits for kernels, as PETSc's operations are code of the host, and marks the Vec as modified.
class BlockViews {
 public:
  BlockViews(const Layout& layout, Vec vec);
  ~BlockViews();
  BlockViews(const BlockViews&) = delete;
  BlockViews& operator=(const BlockViews&) = delete;

  MatrixRef<Real> operator[](Index b) const;
  /// From now on block b is elsewhere.
  void replace(Index b, const MatrixRef<Real>& values);

 private:
  const Layout& layout_;
  Vec vec_;
  Real* values_ = nullptr;
  Index replaced_ = -1;
  MatrixRef<Real> replacement_;
};

/// The same, to read only.
class ConstBlockViews {
 public:
  /// `versions` (one a block) outlives the object; null: nothing is known, and all versions are new.
  ConstBlockViews(const Layout& layout, Vec vec, const std::vector<Index>* versions = nullptr);
  ~ConstBlockViews();
  ConstBlockViews(const ConstBlockViews&) = delete;
  ConstBlockViews& operator=(const ConstBlockViews&) = delete;

  MatrixRef<const Real> operator[](Index b) const;
  /// Whoever gathers parameters need not do so again while their version is the same.
  Index version(Index b) const;
  /// From now on block b is elsewhere, in a new version.
  void replace(Index b, const MatrixRef<const Real>& values);

 private:
  const Layout& layout_;
  Vec vec_;
  const Real* values_ = nullptr;
  const std::vector<Index>* versions_;
  Index replaced_ = -1, new_version_ = 0;
  MatrixRef<const Real> replacement_;
};

}  // namespace weir
