#include "weir/flows/State.hpp"

#include <limits>

#include "flows/ExactVector.hpp"
#include "weir/base/Calls.hpp"

namespace weir {

Block parameter_block(const Communicator& comm, const std::string& name, Index count,
                      const RuleOptions& rule) {
  return {name, Partition(comm, count, parameter_chunk), 1, rule, 1, {}, Block::Kind::parameters};
}

Index next_version() {
  static Index last = 0;
  return ++last;
}

Layout::Layout(const Communicator& comm, std::vector<Block> blocks)
    : comm_(comm), blocks_(std::move(blocks)), offsets_{0} {
  WEIR_CHECK(Index(blocks_.size()) <= most_blocks, "{} blocks", blocks_.size());
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
  if (b == replaced_) return replacement_;
  return MatrixRef<Real>(values_ + layout_.local_offset(b), layout_[b].components,
                         layout_[b].partition.local_particles());
}
void BlockViews::replace(Index b, const MatrixRef<Real>& values) {
  replaced_ = b;
  replacement_ = values;
}

ConstBlockViews::ConstBlockViews(const Layout& layout, Vec vec, const std::vector<Index>* versions)
    : layout_(layout), vec_(vec), versions_(versions) {
  WEIR_PETSC(VecGetArrayReadAndMemType(vec_, &values_, nullptr));
  if (!versions_) new_version_ = next_version();
}
ConstBlockViews::~ConstBlockViews() {
  VecRestoreArrayReadAndMemType(vec_, &values_);
}
MatrixRef<const Real> ConstBlockViews::operator[](Index b) const {
  if (b == replaced_) return replacement_;
  return MatrixRef<const Real>(values_ + layout_.local_offset(b), layout_[b].components,
                               layout_[b].partition.local_particles());
}
Index ConstBlockViews::version(Index b) const {
  return versions_ && b != replaced_ ? (*versions_)[std::size_t(b)] : new_version_;
}
void ConstBlockViews::replace(Index b, const MatrixRef<const Real>& values) {
  replaced_ = b;
  replacement_ = values;
  new_version_ = next_version();
}

}  // namespace weir
