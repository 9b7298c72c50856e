"""What RFC 8032, RFC 6962 and C2SP print, against this verifier. Run by `python -m unittest` in this folder, and by test/audit/python.spec.ts."""

import hashlib
import unittest

import ed25519
from faults import Fault
from merkle import Tree, leaf_hash, node_hash, verify_inclusion
from notes import PublicKey, read_head, read_key

# RFC 8032, section 7.1: public key, message, signature.
SIGNATURES = {
    "TEST 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "TEST 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "TEST 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    "TEST SHA(abc)": (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
}

# The leaves and roots of certificate-transparency's reference tests for RFC 6962 (merkletree/merkle_tree_test.cc).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

# The example of golang.org/x/mod/sumdb/note, which the format comes from.
NOTE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


class Ed25519Test(unittest.TestCase):
    def test_vectors(self):
        for name, (key, message, signature) in SIGNATURES.items():
            with self.subTest(name):
                key, message, signature = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
                self.assertTrue(ed25519.verify(key, message, signature))
                self.assertFalse(ed25519.verify(key, message + b"x", signature))
                for at in (0, 31, 32, 63):
                    changed = bytearray(signature)
                    changed[at] ^= 1
                    self.assertFalse(ed25519.verify(key, message, bytes(changed)))

    def test_malleable(self):
        """S and S + L would both fit: only the smaller one is a signature."""
        key, message, signature = (bytes.fromhex(part) for part in SIGNATURES["TEST 2"])
        larger = int.from_bytes(signature[32:], "little") + ed25519.L
        self.assertFalse(ed25519.verify(key, message, signature[:32] + larger.to_bytes(32, "little")))

    def test_no_point(self):
        _, message, signature = (bytes.fromhex(part) for part in SIGNATURES["TEST 2"])
        # y = 2 has no x; y = P is zero, written in another way.
        for key in ((2).to_bytes(32, "little"), ed25519.P.to_bytes(32, "little"), b""):
            self.assertFalse(ed25519.verify(key, message, signature))


class MerkleTest(unittest.TestCase):
    def test_roots(self):
        tree = Tree()
        self.assertEqual(tree.root(), hashlib.sha256(b"").digest())
        for leaf, root in zip(LEAVES, ROOTS, strict=True):
            tree.add(bytes.fromhex(leaf))
            self.assertEqual(tree.root().hex(), root)

    def test_inclusion(self):
        """Every leaf of every tree of up to eight, and no other leaf by the same proof."""
        leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
        for size in range(1, len(leaves) + 1):
            root = bytes.fromhex(ROOTS[size - 1])
            for index in range(size):
                proof = _path(index, leaves[:size])
                for claimed, leaf in enumerate(leaves):
                    fits = verify_inclusion(claimed, size, leaf_hash(leaf), proof, root)
                    self.assertEqual(fits, claimed == index)
                self.assertFalse(verify_inclusion(index, size, leaf_hash(leaves[index]), proof + [root], root))


def _root(leaves: list) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    middle = _middle(leaves)
    return node_hash(_root(leaves[:middle]), _root(leaves[middle:]))


def _path(index: int, leaves: list) -> list:
    """RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    middle = _middle(leaves)
    if index < middle:
        return _path(index, leaves[:middle]) + [_root(leaves[middle:])]
    return _path(index - middle, leaves[middle:]) + [_root(leaves[:middle])]


def _middle(leaves: list) -> int:
    return 1 << (len(leaves) - 1).bit_length() - 1


class NoteTest(unittest.TestCase):
    def test_verifier_key(self):
        self.assertEqual(read_key(NOTE_KEY).name, "PeterNeumann")
        with self.assertRaises(ValueError):
            read_key(NOTE_KEY.replace("c74f20a3", "c74f20a4"))

    def test_signature(self):
        """It holds, so that what is wrong with the example is what it says."""
        key = read_key(NOTE_KEY)
        with self.assertRaisesRegex(Fault, "a signed text that is no checkpoint"):
            read_head(NOTE, key)
        with self.assertRaisesRegex(Fault, "was changed after it was signed"):
            read_head(NOTE.replace("answer", "Answer"), key)
        with self.assertRaisesRegex(Fault, "expected a signature of the key"):
            read_head(NOTE, PublicKey("PeterNeumann", bytes(32)))

    def test_private_key(self):
        with self.assertRaisesRegex(ValueError, "private"):
            read_key("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")

    def test_no_note(self):
        for text in ("", "a\n1\nb\n", "a\n1\nb\n\n", "a\n1\nb\n\n- x AAAA\n", "a\n1\nb\n\n\u2014 x AAAA"):
            with self.subTest(text), self.assertRaises(Fault):
                read_head(text, PublicKey(None, bytes(32)))


if __name__ == "__main__":
    unittest.main()
