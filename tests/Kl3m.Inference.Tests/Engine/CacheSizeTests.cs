using Kl3m.Inference.Engine;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>How much memory keys and values get; a token takes 1,000 bytes here.</summary>
public sealed class CacheSizeTests
{
    private const long Plenty = 1_000_000_000_000;

    private static EngineMemory On(string device, long mostTokens = Plenty) => new(device, "fp32", 0, 1000, mostTokens);

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda:0")]
    public void What_somebody_says_is_taken_as_it_is(string device) => Assert.Equal(123_456_789_012, On(device).CacheBytes(123_456_789_012, 1_000_000, 999_999));

    [Theory]
    [InlineData("cpu", Plenty, 0)]
    [InlineData("cuda:0", Plenty, 0)]
    [InlineData("cuda:0", null, 0)]
    public void Where_there_is_plenty_it_is_room_for_65536_tokens(string device, long? total, long others) =>
        Assert.Equal(65_536_000, On(device).CacheBytes(0, total, others));

    [Fact]
    public void No_more_than_can_be_of_use() => Assert.Equal(256_000, On("cpu", mostTokens: 256).CacheBytes(0, Plenty));

    [Theory]
    [InlineData("cpu", 40_001_999, 0, 10_000_000)] // a quarter, in whole tokens
    [InlineData("cpu", 40_000_000, 39_000_000, 10_000_000)]
    [InlineData("cuda:0", 40_000_000, 20_001_000, 9_999_000)] // half of what others leave
    [InlineData("cuda:0", 40_000_000, 50_000_000, 0)]
    public void Where_there_is_not_it_is_a_fair_part_of_the_device(string device, long total, long others, long expected) =>
        Assert.Equal(expected, On(device).CacheBytes(0, total, others));

    [Fact]
    public void Where_nothing_tells_the_device_the_runtime_knows_the_machine_and_a_gpu_is_taken_to_have_8_GiB()
    {
        Assert.Equal(8_589_000_000, new EngineMemory("cuda:0", "bf16", 0, 1_000_000, Plenty).CacheBytes(0));
        var quarter = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 / 1_000_000;
        Assert.Equal(Math.Min(quarter, 65_536) * 1_000_000, new EngineMemory("cpu", "fp32", 0, 1_000_000, Plenty).CacheBytes(0));
    }
}
