using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Pages.Compare;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Components.Pages.Score;
using Kl3m.Playground.Tests.Api;
using Kl3m.Playground.Tests.Components.Shell;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>Lab, Compare and Score as a class follows them.</summary>
public sealed class FollowingTests
{
    [Fact]
    public void The_class_comes_along_from_page_to_page_and_stays_where_a_page_cannot_be_followed()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        teacher.StartPresenting();
        Assert.IsType<PresentationScene>(room.State.Scene);
        foreach (var (page, title) in new[] { ("lab", "Lab"), ("compare", "Compare"), ("score", "Score") })
        {
            teacher.MoveTo(page);
            var scene = Assert.IsType<LinkScene>(room.State.Scene);
            Assert.Equal((title, true, page, page), (scene.Title, scene.IsLive, room.View!.Page, teacher.PresentedPage!));
        }
        teacher.MoveTo("models");
        Assert.Equal("score", teacher.PresentedPage);
        teacher.ShowLink("models");
        Assert.Equal((new LinkScene("models", "Models"), null, false), (room.State.Scene, room.View, teacher.IsPresenting));
        teacher.MoveTo("lab");
        Assert.Equal(new LinkScene("models", "Models"), room.State.Scene);
    }

    [Fact]
    public async Task Each_step_in_the_teachers_lab_is_what_the_class_sees_and_no_student_asks_the_engine()
    {
        var spy = new SpyTextGenerator();
        using var rooms = new TestClass(spy);
        var (pages, desk) = (new TestPages(rooms), new TestPages(rooms));
        var teacher = rooms.Visit(pages);
        teacher.Open();
        var room = teacher.Room!;
        var student = rooms.Visit(desk);
        student.Join(room.Code, null);
        teacher.StartPresenting(LabState.Address);
        await pages.Lab.ReadPromptAsync("The Tenant shall ");
        await pages.Lab.ChangeAsync(now => now with { Temperature = 1.4f });
        pages.Lab.DrawMany();
        var asked = spy.Asked.Count;
        var view = Assert.IsType<LabView>(student.Room!.View);
        Assert.Equal((1.4f, 1000), (view.Strip!.Settings.Temperature, view.Draws!.Total));

        // At their own desk: the same position and settings, and sliders that work at once, without a word to the model or to the class.
        Assert.Equal("lab", student.TakeOver());
        Assert.Same(view.Strip, desk.Lab.Strip);
        await desk.Lab.ChangeAsync(now => now with { Temperature = 0.2f });
        Assert.Equal(0.2f, desk.Lab.Strip!.Settings.Temperature);
        Assert.Same(view, room.View);
        Assert.Equal(asked, spy.Asked.Count);
    }

    [Fact]
    public async Task A_comparison_is_followed_as_it_is_written_and_nobody_but_the_teacher_stops_it()
    {
        using var rooms = new TestClass(new HeldGenerator());
        var (pages, desk) = (new TestPages(rooms), new TestPages(rooms));
        var teacher = rooms.Visit(pages);
        teacher.Open();
        var student = rooms.Visit(desk);
        student.Join(teacher.Room!.Code, null);
        teacher.StartPresenting(CompareState.Address);
        pages.Compare.Type("Shared ");
        _ = pages.Compare.RunAllAsync();
        student.TakeOver();
        Assert.Equal("Shared ", desk.Compare.Prompt);
        Assert.Equal(pages.Compare.Columns.Select(column => column.Run), desk.Compare.Columns.Select(column => column.Run));
        var first = desk.Compare.Columns[0];
        var ticked = new TaskCompletionSource();
        desk.Compare.Ticked += () => ticked.TrySetResult();
        pages.Compare.Columns[0].Run!.Record(HeldGenerator.Token(0));
        rooms.Time.Advance(CompareState.Tick);
        await ticked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Single(first.Tokens);

        // What a student presses ends nothing of the teacher's; a step of the teacher's leaves the text where it stands.
        desk.Compare.Stop();
        Assert.All(pages.Compare.Columns, column => Assert.True(column.Run!.IsActive));
        pages.Compare.Select(pages.Compare.Columns[0], 0);
        desk.Compare.Show((CompareView)teacher.Room.View!);
        Assert.Equal((first, 0), desk.Compare.Selected!.Value);
        pages.Compare.Stop();
        Assert.All(desk.Compare.Columns, column => Assert.Equal(Kl3m.Playground.Runs.RunStatus.Stopped, column.Run!.Status));
    }

    [Fact]
    public async Task A_reading_is_followed_down_to_the_token_and_a_teacher_who_reloads_goes_on_with_it()
    {
        using var rooms = new TestClass();
        var pages = new TestPages(rooms);
        var teacher = rooms.Visit(pages);
        var key = teacher.Open()!;
        var room = teacher.Room!;
        teacher.StartPresenting(ScoreState.Address);
        pages.Score.Type(0, "The Lessee shall pay.");
        Assert.Equal(("The Lessee shall pay.", true), (((ScoreView)room.View!).Sides[0].Text, ((ScoreView)room.View).IsEditing));
        await pages.Score.ScoreAsync();
        pages.Score.Select(new(0, 4));
        var view = Assert.IsType<ScoreView>(room.View);
        Assert.Equal((21, new SelectedReading(0, 4), null), (view.Sides[0].Result!.Tokens.Count, view.Selected, view.Sides[0].Progress));
        teacher.Dispose();
        var fresh = new TestPages(rooms);
        var back = rooms.Visit(fresh);
        back.Return(room.Code, key);
        Assert.False(back.IsPresenting);
        back.StartPresenting(ScoreState.Address);
        Assert.Same(view.Sides[0].Result, fresh.Score.Sides[0].Result);
        Assert.Equal(new SelectedReading(0, 4), ((ScoreView)room.View).Selected);
    }

    [Fact]
    public void A_student_shows_the_class_nothing()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var pages = new TestPages(rooms);
        var student = rooms.Visit(pages);
        var key = student.Join(room.Code, null)!;
        teacher.StartPresenting(ScoreState.Address);
        var (scene, view) = (room.State.Scene, room.View);
        student.StartPresenting(LabState.Address);
        pages.Score.Type(0, "mine");
        Assert.Equal(RefusalKind.NotAllowed, room.PresentPage(key, new("lab", "Lab", true), pages.Lab.View)!.Kind);
        Assert.Equal((scene, view), (room.State.Scene, room.View));
    }

    [Fact]
    public async Task What_a_teacher_asks_goes_ahead_in_the_engines_line()
    {
        var spy = new SpyTextGenerator();
        using var rooms = new TestClass(spy);
        var (pages, desk) = (new TestPages(rooms), new TestPages(rooms));
        var teacher = rooms.Visit(pages);
        teacher.Open();
        rooms.Visit(desk).Join(teacher.Room!.Code, null);
        await pages.Playground.GenerateAsync();
        await teacher.AskAsync("The ");
        await desk.Playground.GenerateAsync();
        Assert.All(spy.Asked, request => Assert.Equal(request.User!.EndsWith(":teacher", StringComparison.Ordinal) ? -1 : 0, request.Priority));
        Assert.Equal(2, spy.Asked.DistinctBy(request => request.User).Count());
    }
}
