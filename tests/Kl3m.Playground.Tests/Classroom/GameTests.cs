using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Pages.Classroom;

namespace Kl3m.Playground.Tests.Classroom;

public sealed class GameTests
{
    [Theory]
    [InlineData(1f)]
    [InlineData(0.4f)]
    [InlineData(2f)]
    [InlineData(0f)]
    public void A_dart_hits_what_the_sampler_draws(float temperature)
    {
        var logits = Enumerable.Range(0, 500).Select(i => (float)Math.Sin(i * 1.7) * 4).ToArray();
        var sampler = new Sampler(logits.Length);
        var ruler = new NextToken(logits, 0).At(temperature);
        for (var number = 0; number < 2000; number++)
        {
            var u = SeededRandom.NextUniform(9, 0, number);
            var drawn = sampler.Sample(logits, new SamplingParams { Temperature = temperature }, [], 0, u, 0).Score.TokenId;
            Assert.Equal(drawn, ruler.TokenIds[ruler.Hit(u)]);
        }
    }

    [Fact]
    public async Task Many_darts_come_near_the_model_and_stay_when_the_temperature_moves()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        await teacher.StartGameAsync("The ");
        Assert.True(teacher.Do(new ThrowDarts(3000)));
        var darts = Game(room).Darts;
        foreach (var row in GameRow.Of(Game(room), room.Row!, 8))
        {
            Assert.InRange(row.Share, row.Probability - 0.05, row.Probability + 0.05);
        }
        Assert.True(teacher.Do(new SetTemperature(0)));
        Assert.Equal(darts, Game(room).Darts);
        var greedy = GameRow.Of(Game(room), room.Row!, 8);
        Assert.Equal(3000, greedy[0].Hits);
        Assert.Equal(1, greedy[0].Probability);
    }

    [Fact]
    public async Task Everybody_throws_a_few_darts_and_nobody_chooses_where_they_land()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (student, _) = rooms.Join(room);
        await teacher.StartGameAsync("The ");
        var thrown = Enumerable.Range(0, 20).Count(_ => student.Do(new ThrowDart()));
        Assert.Equal(GameScene.MostOfOne, thrown);
        Assert.All(Game(room).Darts, (dart, i) => Assert.Equal(SeededRandom.NextUniform(Game(room).Seed, 0, i), dart.U));
        teacher.Do(new ClearDarts());
        Assert.True(student.Do(new ThrowDart()));
        Assert.False(teacher.Do(new ThrowDarts(GameScene.MostDarts)));
        Assert.False(teacher.Do(new SetTemperature(float.NaN)));
    }

    private static GameScene Game(Room room) => Assert.IsType<GameScene>(room.State.Scene);
}
