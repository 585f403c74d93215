using Kl3m.Inference.Engine;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Inference.Tests.Engine;

public sealed class WaitingLineTests
{
    [Fact]
    public void The_time_to_come_back_is_how_long_a_place_takes_of_late()
    {
        var time = new FakeTimeProvider();
        var line = new WaitingLine(2, time);
        line.Enter();
        line.Enter();
        for (var i = 0; i < 40; i++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            line.Advance();
            line.Enter();
        }
        var busy = Assert.Throws<EngineBusyException>(line.Enter);
        Assert.Equal(2, busy.Waiting);
        Assert.Equal(5, busy.RetryAfter.TotalSeconds, 0.1);
        line.Leave();
        line.Enter();
        Assert.Throws<EngineBusyException>(line.Enter);
    }
}
