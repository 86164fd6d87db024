//! The S-box as a circuit: 92 exclusive-ors and 36 ands, the same for every input.

use std::ops::{BitAnd, BitXor, Not};

/// What carries one bit of many bytes at once.
pub(super) trait Planes:
    Copy + BitAnd<Output = Self> + BitXor<Output = Self> + Not<Output = Self>
{
}

impl Planes for u32 {}

impl Planes for u64 {}

/// The S-box of 6.2 on bit planes; plane `i` holds bit `i` of every byte.
///
/// The standard's S-box is `s(x) = A·I(A·x + c) + c` with `I` the inverse in GF(2⁸) modulo x⁸+x⁷+x⁶+x⁵+x⁴+x²+1, `A`
/// circulant with the rows `0xa7` rotated and `c = 0xd3`. The inverse is taken in the tower GF(((2²)²)²) over normal
/// bases, where it costs 36 multiplications of bits; both changes of basis are merged with `A`, and sums that several
/// outputs share are formed once. The first `c` is moved before `A`, where it is `0x75`.
#[inline(always)]
pub(super) fn s_box<W: Planes>(x: [W; 8]) -> [W; 8] {
    let [x0, x1, x2, x3, x4, x5, x6, x7] = x;
    let (x0, x2, x4, x5, x6) = (!x0, !x2, !x4, !x5, !x6);
    let t1 = x0 ^ x6;
    let t2 = x2 ^ x5;
    let t3 = x4 ^ t1;
    let t4 = x7 ^ t2;
    let t5 = x5 ^ x6;
    let t6 = x3 ^ t4;
    let t7 = x1 ^ t1;
    let t8 = x3 ^ t5;
    let t9 = x1 ^ x4;
    let t10 = x1 ^ x7;
    let t11 = x2 ^ x6;
    let t12 = x5 ^ t9;
    let t13 = x7 ^ t8;
    let t14 = t3 ^ t10;
    let t15 = x2 ^ t3;
    let t16 = x6 ^ t6;
    let t17 = x3 ^ x4;
    let t18 = x1 ^ t8;
    let t19 = x4 ^ t6;
    let t20 = x2 ^ t7;
    let t21 = x7 ^ t11;
    let t22 = t5 ^ t9;
    let t23 = t2 ^ t7;
    let t24 = x4 ^ t11;
    let t25 = x1 ^ t2;
    let t26 = x5 ^ t3;
    let t27 = t25 & t26;
    let t28 = t24 & t7;
    let t29 = t22 & t12;
    let t30 = t10 & t3;
    let t31 = t13 & x2;
    let t32 = t18 & t15;
    let t33 = t4 & x5;
    let t34 = t19 & t20;
    let t35 = t17 & t23;
    let t36 = t29 ^ t33;
    let t37 = t32 ^ t33;
    let t38 = t30 ^ t37;
    let t39 = t28 ^ t36;
    let t40 = t34 ^ t38;
    let t41 = t27 ^ t36;
    let t42 = t31 ^ t37;
    let t43 = t6 ^ t40;
    let t44 = t34 ^ t41;
    let t45 = t21 ^ t42;
    let t46 = t14 ^ t39;
    let t47 = t35 ^ t45;
    let t48 = t16 ^ t44;
    let t49 = t35 ^ t46;
    let t50 = t48 ^ t49;
    let t51 = t43 ^ t47;
    let t52 = t48 & t43;
    let t53 = t49 & t47;
    let t54 = t50 & t51;
    let t55 = t48 ^ t43;
    let t56 = t49 ^ t47;
    let t57 = t55 ^ t56;
    let t58 = t52 ^ t54;
    let t59 = t58 ^ t57;
    let t60 = t53 ^ t54;
    let t61 = t60 ^ t56;
    let t62 = t59 ^ t61;
    let t63 = t62 & t51;
    let t64 = t61 & t43;
    let t65 = t64 ^ t63;
    let t66 = t59 & t47;
    let t67 = t66 ^ t63;
    let t68 = t62 & t50;
    let t69 = t61 & t48;
    let t70 = t69 ^ t68;
    let t71 = t59 & t49;
    let t72 = t71 ^ t68;
    let t73 = t65 ^ t67;
    let t74 = t70 ^ t72;
    let t75 = t65 ^ t70;
    let t76 = t67 ^ t72;
    let t77 = t75 ^ t76;
    let t78 = t65 & t26;
    let t79 = t67 & t7;
    let t80 = t73 & t12;
    let t81 = t70 & t3;
    let t82 = t72 & x2;
    let t83 = t74 & t15;
    let t84 = t75 & x5;
    let t85 = t76 & t20;
    let t86 = t77 & t23;
    let t87 = t65 & t25;
    let t88 = t67 & t24;
    let t89 = t73 & t22;
    let t90 = t70 & t10;
    let t91 = t72 & t13;
    let t92 = t74 & t18;
    let t93 = t75 & t4;
    let t94 = t76 & t19;
    let t95 = t77 & t17;
    let t96 = t87 ^ t88;
    let t97 = t78 ^ t96;
    let t98 = t84 ^ t85;
    let t99 = t95 ^ t97;
    let t100 = t79 ^ t94;
    let t101 = t92 ^ t93;
    let t102 = t82 ^ t100;
    let t103 = t99 ^ t102;
    let t104 = t80 ^ t101;
    let t105 = t79 ^ t86;
    let t106 = t83 ^ t98;
    let t107 = t90 ^ t105;
    let t108 = t89 ^ t106;
    let t109 = t98 ^ t99;
    let t110 = t97 ^ t107;
    let t111 = t83 ^ t91;
    let t112 = t87 ^ t92;
    let t113 = t81 ^ t90;
    let t114 = t96 ^ t102;
    let t115 = t94 ^ t101;
    let t116 = t90 ^ t115;
    let t117 = t112 ^ t113;
    let t118 = t104 ^ t111;
    let t119 = t84 ^ t105;
    let t120 = t80 ^ t119;
    let t121 = t103 ^ t106;
    let t122 = t104 ^ t109;
    let t123 = t114 ^ t118;
    let t124 = t108 ^ t117;
    let t125 = t81 ^ t103;
    let t126 = t85 ^ t110;
    let t127 = t90 ^ t122;
    let t128 = t91 ^ t126;
    [!t116, !t124, t127, t123, !t128, t125, !t120, !t121]
}
