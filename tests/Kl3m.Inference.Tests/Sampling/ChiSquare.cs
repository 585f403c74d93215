namespace Kl3m.Inference.Tests.Sampling;

internal static class ChiSquare
{
    /// <summary>What a true hypothesis stays below with a probability of 99.99 %: Wilson and Hilferty's approximation.</summary>
    public static double Quantile9999(int degreesOfFreedom)
    {
        const double NormalQuantile = 3.719016;
        var ninth = 2.0 / (9 * degreesOfFreedom);
        return degreesOfFreedom * Math.Pow(1 - ninth + NormalQuantile * Math.Sqrt(ninth), 3);
    }
}
