using Kl3m.Inference.Engine;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Inference.Tests.Engine;

public sealed class WaitingLineTests
{
    [Fact]
    public void The_time_to_come_back_is_how_long_a_place_takes_of_late()
    {
        var time = new FakeTimeProvider();
        var line = new WaitingLine(2, 2, time);
        line.Enter(null);
        var user = line.Enter(null);
        for (var i = 0; i < 40; i++)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            line.Advance(user);
            user = line.Enter(null);
        }
        var busy = Assert.Throws<EngineBusyException>(() => line.Enter(null));
        Assert.Equal((2, null), (busy.Waiting, busy.Own));
        Assert.Equal(5, busy.RetryAfter.TotalSeconds, 0.1);
        line.Leave(user);
        line.Enter(null);
        Assert.Throws<EngineBusyException>(() => line.Enter(null));
    }

    [Fact]
    public void One_user_does_not_fill_the_line()
    {
        var line = new WaitingLine(10, 2, new FakeTimeProvider());
        var user = line.Enter("a");
        line.Enter("a");
        Assert.Equal((2, 2), Assert.Throws<EngineBusyException>(() => line.Enter("a")) is var busy ? (busy.Waiting, busy.Own) : default);
        line.Enter("b");
        for (var i = 0; i < 4; i++)
        {
            line.Enter(null);
        }
        line.Advance(user);
        line.Enter("a");
        Assert.Equal(7, line.Waiting);
    }
}
