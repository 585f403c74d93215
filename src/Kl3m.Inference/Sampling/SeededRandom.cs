using System.Security.Cryptography;

namespace Kl3m.Inference.Sampling;

/// <summary>
/// Random numbers without a state: each is a function of seed, sequence and position alone, so a text comes out the same whatever
/// else runs beside it, and two settings can share their dice. Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3" (SC 2011).
/// </summary>
public static class SeededRandom
{
    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    /// <param name="position">0 for the sequence's first new token.</param>
    public static double NextUniform(ulong seed, int sequenceIndex, int position)
    {
        var block = Philox(((uint)position, (uint)sequenceIndex, 0, 0), ((uint)seed, (uint)(seed >> 32)));
        return ((((ulong)block.Item2 << 32) | block.Item1) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>A seed for who brings none. Of 32 bits: enough for dice, short enough to be typed, and exact as a number of JavaScript.</summary>
    public static ulong NewSeed() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));

    internal static (uint, uint, uint, uint) Philox((uint, uint, uint, uint) counter, (uint, uint) key)
    {
        var (c0, c1, c2, c3) = counter;
        var (k0, k1) = key;
        for (var round = 0; round < 10; round++)
        {
            var first = 0xD2511F53UL * c0;
            var second = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(second >> 32) ^ c1 ^ k0, (uint)second, (uint)(first >> 32) ^ c3 ^ k1, (uint)first);
            unchecked
            {
                k0 += 0x9E3779B9;
                k1 += 0xBB67AE85;
            }
        }
        return (c0, c1, c2, c3);
    }
}
