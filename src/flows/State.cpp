#include "weir/flows/State.hpp"

#include <limits>

#include "flows/ExactVector.hpp"
#include "weir/base/Calls.hpp"

namespace weir {

Block parameter_block(const Communicator& comm, const std::string& name, Index count) {
  return {name, Partition(comm, count, 256), 1};
}

Layout::Layout(const Communicator& comm, std::vector<Block> blocks)
    : comm_(comm), blocks_(std::move(blocks)), offsets_{0} {
  Index entries = 0;
  for (const Block& block : blocks_) {
    offsets_.push_back(offsets_.back() + block.components * block.partition.local_particles());
    entries += block.components * block.partition.particles();
  }
  if (entries > Index(std::numeric_limits<PetscInt>::max()))
    throw InputError(fmt::format(
        "the state has {} entries, and this PETSc numbers at most {}: use a PETSc built with 64-bit indices "
        "(--with-64-bit-indices; cmake/spack.yaml has it)",
        entries, std::numeric_limits<PetscInt>::max()));
}

State::State(std::shared_ptr<const Layout> layout) : layout_(std::move(layout)) {
  WEIR_PETSC(VecCreateMPI(layout_->comm().mpi(), PetscInt(layout_->local_size()), PETSC_DETERMINE, &vec_));
  make_exact(vec_, layout_);
  WEIR_PETSC(VecSet(vec_, 0));
}

State::~State() {
  VecDestroy(&vec_);
}

BlockViews::BlockViews(const Layout& layout, Vec vec) : layout_(layout), vec_(vec) {
  WEIR_PETSC(VecGetArrayAndMemType(vec_, &values_, nullptr));
}
BlockViews::~BlockViews() {
  VecRestoreArrayAndMemType(vec_, &values_);
}
MatrixRef<Real> BlockViews::operator[](Index b) const {
  return MatrixRef<Real>(values_ + layout_.local_offset(b), layout_[b].components,
                         layout_[b].partition.local_particles());
}

ConstBlockViews::ConstBlockViews(const Layout& layout, Vec vec) : layout_(layout), vec_(vec) {
  WEIR_PETSC(VecGetArrayReadAndMemType(vec_, &values_, nullptr));
}
ConstBlockViews::~ConstBlockViews() {
  VecRestoreArrayReadAndMemType(vec_, &values_);
}
MatrixRef<const Real> ConstBlockViews::operator[](Index b) const {
  return MatrixRef<const Real>(values_ + layout_.local_offset(b), layout_[b].components,
                               layout_[b].partition.local_particles());
}

}  // namespace weir
