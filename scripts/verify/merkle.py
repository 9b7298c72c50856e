"""The Merkle tree of RFC 6962, section 2.1, over the hashes of a shard's audit records, and proofs that a record is in it (RFC 9162, section 2.1.3.2)."""

import hashlib


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf. In memory are the roots of its whole subtrees alone, the largest first."""

    def __init__(self, frontier: list | None = None):
        """`frontier`: of a tree whose root is asked for, and which does not grow."""
        self.size = 0
        self.frontier = [] if frontier is None else list(frontier)

    def add(self, data: bytes) -> None:
        node = leaf_hash(data)
        size = self.size
        while size & 1:
            node = node_hash(self.frontier.pop(), node)
            size >>= 1
        self.frontier.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self.frontier:
            return hashlib.sha256(b"").digest()
        root = self.frontier[-1]
        for left in reversed(self.frontier[:-1]):
            root = node_hash(left, root)
        return root


def verify_inclusion(index: int, size: int, leaf: bytes, proof: list, root: bytes) -> bool:
    """Whether the proof leads from the leaf's hash at `index` to the root of the tree of `size` leaves."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            if not fn & 1:
                while fn & 1 == 0 and fn != 0:
                    fn >>= 1
                    sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1
        sn >>= 1
    return sn == 0 and r == root
