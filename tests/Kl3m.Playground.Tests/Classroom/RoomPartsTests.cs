using Bunit;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Layout;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Playground.Components.Pages.Compare;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Pages.Score;
using Kl3m.Playground.Lessons;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components;
using Kl3m.Tests.Shared;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>
/// What happens when the room's buttons are pressed twice, fields are filled wrongly, pages are loaded anew, and models go. Elements are found and
/// pressed in one go: the room may draw its parts anew at any moment.
/// </summary>
public sealed class RoomPartsTests : ComponentContext
{
    private const string Address = "http://localhost/join/ABCDEF";

    private readonly BackendCatalogue catalogue = new();
    private readonly BunitJSModuleInterop browser;

    public RoomPartsTests()
    {
        catalogue.Ready(new FakeTextGenerator());
        Services.AddSingleton(catalogue);
        Services.AddSingleton<IConfiguration>(new ConfigurationManager());
        Services.AddScoped<ChosenModel>();
        Services.AddScoped<Shortcuts>();
        Services.AddScoped<PlaygroundState>();
        Services.AddScoped<LabState>();
        Services.AddScoped<CompareState>();
        Services.AddScoped<ScoreState>();
        Services.AddRuns();
        Services.AddClassroom();
        Services.AddLessons();
        browser = JSInterop.SetupModule("./js/classroom.js");
        browser.Mode = JSRuntimeMode.Loose;
    }

    private ClassroomState State => Services.GetRequiredService<ClassroomState>();

    private RoomRegistry Rooms => Services.GetRequiredService<RoomRegistry>();

    private string At => Services.GetRequiredService<NavigationManager>().Uri;

    [Fact]
    public void Opening_a_room_with_a_double_click_opens_one()
    {
        browser.Setup<bool>("keep", _ => true); // the browser has not answered yet
        var open = Render<ClassroomPage>().Find("section button");
        open.Click();
        open.Click();
        Assert.Equal(1, Rooms.Count);
    }

    [Fact]
    public void Joining_with_a_double_click_takes_one_seat()
    {
        var room = Open();
        browser.Setup<bool>("keep", _ => true);
        var form = Render<JoinPage>(page => page.Add(join => join.Code, room.Code)).Find("form");
        form.Submit();
        form.Submit();
        Assert.Single(room.State.Students);
    }

    [Fact]
    public async Task A_teacher_who_types_the_code_of_their_own_room_stays_its_teacher()
    {
        var (room, key, _) = await Rooms.OpenAsync("10.0.0.1");
        browser.Setup<KeptRoom?>("recall", _ => true).SetResult(new(key!, Teacher: true));
        var page = Render<JoinPage>();
        page.Find("#join-code").Change(room!.Code.ToLowerInvariant());
        await page.Find("form").SubmitAsync();
        Assert.True(State.IsTeacher);
        Assert.Empty(room.State.Students);
        Assert.EndsWith($"room/{room.Code}", At, StringComparison.Ordinal);
        Assert.Empty(browser.Invocations["keep"]); // the teacher's key is not written over
    }

    [Fact]
    public async Task A_page_that_is_loaded_anew_beside_the_room_is_still_in_the_class()
    {
        var (room, key, _) = await Rooms.OpenAsync("10.0.0.1");
        browser.Setup<KeptRoom?>("seat").SetResult(new(key!, Teacher: true, room!.Code));
        var bar = Render<ClassBar>();
        bar.WaitForElement("a[href^=room]");
        Assert.True(State.IsTeacher);
    }

    [Fact]
    public async Task The_second_press_of_a_double_click_on_reveal_does_not_go_on_to_the_next_question()
    {
        var room = await AskAsync();
        var rail = Render<RoomRail>(part => part.Add(one => one.Address, Address));
        await PressAsync(1);
        rail.WaitForAssertion(() => Assert.Contains("Next", rail.Find(".kp-rail-end button:last-child").TextContent, StringComparison.Ordinal));
        await PressAsync(2);
        Assert.NotNull(Assert.IsType<QuestionScene>(room.State.Scene).Reveal);
        await PressAsync(1);
        Assert.Equal(2, Assert.IsType<QuestionScene>(room.State.Scene).Number);

        Task PressAsync(int count) => rail.InvokeAsync(() => rail.Find(".kp-rail-end button:last-child").ClickAsync(new MouseEventArgs { Detail = count }));
    }

    [Theory]
    [InlineData("v")]
    [InlineData("r")]
    public async Task Keys_of_the_voting_are_quiet_once_the_curtain_is_open(string key)
    {
        var room = await AskAsync();
        await State.RevealAsync();
        var teacher = Render<TeacherView>();
        await teacher.InvokeAsync(() => teacher.Instance.OnKey(key));
        Assert.Null(State.Problem);
        Assert.NotNull(Assert.IsType<QuestionScene>(room.State.Scene).Reveal);
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("")]
    public async Task A_limit_that_cannot_be_shows_what_holds(string typed)
    {
        var room = Open();
        var panel = Render<StudentsPanel>();
        await panel.InvokeAsync(() => panel.Find(".kp-limits input").ChangeAsync(new() { Value = typed }));
        Assert.Equal("1024", panel.Find(".kp-limits input").GetAttribute("value"));
        await panel.InvokeAsync(() => panel.Find(".kp-limits input").ChangeAsync(new() { Value = "512" }));
        Assert.Equal(512, room.State.Limits.RunningTokens);
    }

    [Fact]
    public async Task A_student_is_removed_once_the_teacher_has_said_so_twice()
    {
        var room = Open();
        await room.JoinAsync("Ada");
        var panel = Render<StudentsPanel>();
        await panel.InvokeAsync(() => panel.Find(".kp-row-tools button[title='Remove Ada']").ClickAsync(new()));
        Assert.Single(room.State.Students);
        await panel.InvokeAsync(() => panel.Find(".kp-row-tools .kp-ask-yes").ClickAsync(new()));
        Assert.Empty(room.State.Students);
    }

    [Fact]
    public async Task A_model_that_is_unloaded_in_the_middle_of_a_question_leaves_the_class_its_words()
    {
        var room = await AskAsync();
        var (key, _) = await room.JoinAsync("Ada");
        var student = room.Identify(key)!.Student!;
        var asked = catalogue.Default!;
        catalogue.Remove(asked);
        catalogue.Add(new FakeTextGenerator { Model = asked.Model with { Id = "another" } });
        Assert.Equal(asked.Model.Id, State.Generator?.Model.Id); // another model splits words otherwise, and its tokens are other words
        await State.VoteAsync("x");
        Assert.Equal(Refusal.NotStudent.Sentence, State.Problem); // the teacher's page: the word was split by the model of the question
        room.Do(key, new CastVote(1, 'x', "x"));
        await State.RevealAsync();
        var words = Render<RoomRail>(part => part.Add(one => one.Address, Address)).Markup
            + Render<MirrorChart>(chart => chart.Add(one => one.Question, (QuestionScene)room.State.Scene!)).Markup
            + Render<StudentQuestion>(part => part.Add(one => one.Question, (QuestionScene)room.State.Scene!).Add(one => one.Me, student)).Markup;
        Assert.DoesNotContain("token 1", words, StringComparison.Ordinal);
        await State.GoOnAsync(room.State.Results[^1].TokenId);
        Assert.Contains("not loaded any more", State.Problem, StringComparison.Ordinal);
        room.Asked = null; // as on a server that never had it
        Assert.Contains("token", Render<RoomRail>(part => part.Add(one => one.Address, Address)).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asking_at_no_token_says_what_to_do()
    {
        Open();
        await State.AskAtSelectedAsync();
        Assert.Contains("Select a token", State.Problem, StringComparison.Ordinal);
    }

    private Room Open()
    {
        State.Open();
        return State.Room!;
    }

    private async Task<Room> AskAsync()
    {
        var room = Open();
        await State.AskAsync("The term ");
        Assert.IsType<QuestionScene>(room.State.Scene);
        return room;
    }
}
