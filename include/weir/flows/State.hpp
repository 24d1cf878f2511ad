// All blocks of a flow in one PETSc Vec, with Kokkos views into it.
//
//     Vec = [ block 0 | block 1 | .. ]  on every rank; a block is components x local particles, column-major
//
// The Vec's norms, dots and axpys are Weir's own: sums are exact and updates are plain loops, so that Krylov
// and Newton methods give the same bits on any number of ranks. VecDuplicate hands these on.
#pragma once

#include <petscvec.h>

#include <memory>
#include <string>
#include <vector>

#include "weir/base/Types.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// One distribution (or, later, one group of parameters) of a flow.
struct Block {
  std::string name;
  Partition partition;
  Index components;
};

/// `count` parameters, cut into chunks of 256 that ranks own whole.
Block parameter_block(const Communicator& comm, const std::string& name, Index count);

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

/// Views of a Vec's blocks for as long as this object lives; the Vec counts as changed when it goes.
class BlockViews {
 public:
  BlockViews(const Layout& layout, Vec vec);
  ~BlockViews();
  BlockViews(const BlockViews&) = delete;
  BlockViews& operator=(const BlockViews&) = delete;
  MatrixRef<Real> operator[](Index b) const;

 private:
  const Layout& layout_;
  Vec vec_;
  Real* values_ = nullptr;
};

/// The same, to read only.
class ConstBlockViews {
 public:
  ConstBlockViews(const Layout& layout, Vec vec);
  ~ConstBlockViews();
  ConstBlockViews(const ConstBlockViews&) = delete;
  ConstBlockViews& operator=(const ConstBlockViews&) = delete;
  MatrixRef<const Real> operator[](Index b) const;

 private:
  const Layout& layout_;
  Vec vec_;
  const Real* values_ = nullptr;
};

}  // namespace weir
