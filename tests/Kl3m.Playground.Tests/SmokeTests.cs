namespace Kl3m.Playground.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void Replace_me() => Assert.True(true);
}
