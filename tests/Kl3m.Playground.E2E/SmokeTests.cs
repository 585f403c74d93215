namespace Kl3m.Playground.E2E;

public sealed class SmokeTests
{
    [Fact]
    public void Replace_me() => Assert.True(true);
}
